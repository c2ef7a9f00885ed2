"""What every response says to browsers, and which requests with a cookie are our own pages'."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from bot.web.keys import SETTINGS
from bot.web.problems import Handler, Problem

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
    return response


def require_own_page(request: web.Request, *, strictly: bool = False) -> None:
    """Refuse what another site's page sends with our cookie: by fetch metadata, else by origin. Raises Problem.

    With `strictly` one of the two must be there and name our own page. OWASP's Cross-Site Request Forgery Prevention Cheat
    Sheet, "Fetch Metadata headers".
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        own = site == "same-origin" or (site == "none" and not strictly)
    elif origin is not None:
        own = urlsplit(origin).netloc == request.host
    else:
        own = not strictly  # No browser that runs another site's page leaves both out; a cookie is then sent by hand.
    if not own:
        raise Problem(403, "Not allowed", "This can only be sent from our own page. Please open the chat again.")


def is_secure(request: web.Request) -> bool:
    """Whether the browser came over HTTPS, also behind a proxy that we trust."""
    if request.app[SETTINGS].trust_proxy:
        return request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
    return request.scheme == "https"
