// What the pages that stay open share: a connection that notices when it is dead and comes back, and ids of what is sent.
(function () {
  "use strict";
  // Milliseconds: the server says something at least every 20 seconds.
  var SILENCE = 50000;
  var SIGNED_OUT = 4401;

  // `address` gives where to listen from, each time it connects. `on.open(again)`, `on.hear(news)`, `on.lost(isSignedOut)`.
  // What it gives has `send(notice)`, which drops what cannot be sent now.
  window.connection = function (address, on) {
    var socket = null;
    var pause = 1000;
    var heard = 0;
    var again = false;
    var end = null;

    function listen() {
      var scheme = location.protocol === "https:" ? "wss://" : "ws://";
      var mine = new WebSocket(scheme + location.host + address(again));
      var ended = false;
      socket = mine;
      heard = Date.now();
      end = function (code) {
        if (ended) return;
        ended = true;
        socket = null;
        mine.close();
        again = true;
        if (on.lost) on.lost(code === SIGNED_OUT);
        if (code === SIGNED_OUT) return;
        setTimeout(listen, pause * (0.5 + Math.random()));
        pause = Math.min(pause * 2, 15000);
      };
      mine.addEventListener("open", function () { heard = Date.now(); pause = 1000; if (!ended && on.open) on.open(again); });
      mine.addEventListener("message", function (event) {
        heard = Date.now();
        if (!ended) on.hear(JSON.parse(event.data));
      });
      mine.addEventListener("close", function (event) { end(event.code); });
    }

    // A phone that slept, or a network that changed, tells nobody that the connection is gone.
    function watch() { if (socket && Date.now() - heard > SILENCE) { pause = 1000; end(0); } }
    setInterval(watch, 5000);
    document.addEventListener("visibilitychange", watch);
    window.addEventListener("offline", function () { if (socket) end(0); });
    if ("WebSocket" in window) listen();
    return { send: function (notice) { if (socket && socket.readyState === 1) socket.send(JSON.stringify(notice)); } };
  };

  window.newId = function () {
    var bytes = new Uint8Array(8);
    crypto.getRandomValues(bytes);
    return Array.prototype.map.call(bytes, function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  };
})();
