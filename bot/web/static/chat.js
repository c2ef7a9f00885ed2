// Makes the chat's plain forms quicker: messages are sent without leaving the page and new ones appear by themselves.
// Everything that it shows is rendered by the server; without this script the page works as it stands.
(function () {
  "use strict";
  var list = document.getElementById("messages");
  var compose = document.getElementById("compose");
  var text = document.getElementById("text");
  var typing = document.getElementById("typing");
  var status = document.getElementById("status");
  var last = Number(list.dataset.last) || 0;
  var sending = 0;
  var seen = 0;
  var quiet = null;

  // To the person's last words, so that an answer is read from its beginning.
  function toEnd() {
    var calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    var said = list.querySelectorAll("li.person");
    var place = said.length ? said[said.length - 1] : document.getElementById("latest");
    place.scrollIntoView({ block: said.length ? "start" : "end", behavior: calm ? "auto" : "smooth" });
  }

  function add(html) {
    var holder = document.createElement("template");
    holder.innerHTML = html;
    var fresh = false;
    Array.prototype.forEach.call(holder.content.querySelectorAll("li.message"), function (item) {
      var id = Number(item.dataset.id);
      // Id 0 is urgent help for words that could not be saved: it is nowhere else, and comes last.
      if (id && document.getElementById(item.id)) return;
      if (item.classList.contains("person")) {
        clearChoices(id || Infinity);
        if (id) dropUnsaved(item);
        var pending = list.querySelector("li.pending");
        if (pending) pending.remove();
      }
      var next = id && Array.prototype.find.call(list.querySelectorAll("li[data-id]"), function (other) {
        return Number(other.dataset.id) > id;
      });
      list.insertBefore(item, next || list.querySelector("li.pending"));
      last = Math.max(last, id);
      fresh = true;
    });
    if (fresh) { typing.hidden = sending === 0; toEnd(); }
    showSeen();
    tellSeen();
  }

  // Words that were saved late come a second time, with help that says who was told: the first time goes.
  function dropUnsaved(saved) {
    Array.prototype.forEach.call(list.querySelectorAll('li.person[data-id="0"]'), function (item) {
      if (item.textContent.trim() !== saved.textContent.trim()) return;
      item.nextElementSibling.remove();
      item.remove();
    });
  }

  // Below the person's last words that the team has been shown; it never saw what is not saved.
  function showSeen() {
    var old = list.querySelector(".seen");
    if (old) old.remove();
    var said = Array.prototype.filter.call(list.querySelectorAll("li.person[data-id]"), function (item) {
      return Number(item.dataset.id) > 0 && Number(item.dataset.id) <= seen;
    });
    if (!said.length) return;
    var mark = document.createElement("p");
    mark.className = "seen";
    mark.textContent = "Seen by the team";
    said[said.length - 1].appendChild(mark);
  }

  function tellSeen() {
    if (document.visibilityState === "visible" && list.querySelector("li.staff, li.handoff")) socket.send({ type: "seen", id: last });
  }
  document.addEventListener("visibilitychange", tellSeen);

  // Quick replies go once something was said after them.
  function clearChoices(before) {
    Array.prototype.forEach.call(list.querySelectorAll(".choices"), function (choices) {
      if (Number(choices.closest("li").dataset.id) < before) choices.remove();
    });
  }

  function pendingItem(words) {
    var item = document.createElement("li");
    item.className = "message person pending";
    var bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.dir = "auto";
    bubble.textContent = words;
    item.appendChild(bubble);
    list.appendChild(item);
    return item;
  }

  function post(url, fields) {
    return fetch(url, {
      method: "POST",
      headers: { "X-Chat-Piece": "1", "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields),
      credentials: "same-origin"
    });
  }

  function send(words, id) {
    if (!words.trim()) return;
    status.textContent = "";
    clearChoices(Infinity);
    var item = pendingItem(words);
    sending += 1;
    typing.hidden = false;
    toEnd();
    post("/chat/messages?after=" + last, { text: words, client_message_id: id }).then(function (response) {
      return response.text().then(function (html) {
        if (response.status === 404) { location.assign("/"); return; }
        if (!response.ok) throw new Error(response.status === 429 ? "wait" : "refused");
        sending -= 1;
        typing.hidden = sending === 0;
        item.remove();
        add(html);
      });
    }).catch(function (error) {
      sending -= 1;
      typing.hidden = sending === 0;
      failed(item, words, id, error.message === "wait");
    });
  }

  function failed(item, words, id, wait) {
    if (!item.isConnected) return;
    item.classList.add("failed");
    status.textContent = wait ? "That was a lot at once. Wait a moment, then try again." : "Not sent. Check your connection, then try again. In danger, call 999.";
    var again = document.createElement("button");
    again.type = "button";
    again.className = "again";
    again.textContent = "Try again";
    again.addEventListener("click", function () { item.remove(); send(words, id); text.focus(); });
    item.appendChild(again);
  }

  function grow() {
    text.style.height = "auto";
    text.style.height = Math.min(text.scrollHeight, innerHeight / 3) + "px";
  }

  compose.addEventListener("submit", function (event) {
    event.preventDefault();
    var words = text.value;
    if (!words.trim()) { status.textContent = "Please type your question."; text.focus(); return; }
    text.value = "";
    grow();
    send(words, window.newId());
    text.focus();
  });
  text.addEventListener("input", grow);
  text.addEventListener("input", function () { if (list.querySelector("li.staff, li.handoff")) socket.send({ type: "typing" }); });
  text.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      compose.requestSubmit();
    }
  });

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var button = event.submitter;
    if (!button || form === compose) return;
    if (button.name === "text") {
      event.preventDefault();
      send(button.value, window.newId());
      text.focus({ preventScroll: true });
    } else if (button.name === "helpful") {
      event.preventDefault();
      post("/chat/feedback", { message_id: form.elements.message_id.value, helpful: button.value }).then(function (response) {
        if (!response.ok) return;
        form.textContent = "Thanks for telling us.";
        form.tabIndex = -1;
        form.focus();
      }).catch(function () { status.textContent = "Not saved. Check your connection."; });
    }
  });

  // New messages from elsewhere: a person's reply, or an answer that came late. After a break it asks for what it missed.
  var socket = window.connection(function () { return "/chat/events?after=" + last; }, {
    open: tellSeen,
    hear: function (news) {
      if (news.type === "beat") return;
      if (news.type === "typing") {
        typing.hidden = false;
        clearTimeout(quiet);
        quiet = setTimeout(function () { typing.hidden = sending === 0; }, 10000);
      } else if (news.type === "seen") { seen = Math.max(seen, Number(news.id)); showSeen(); }
      else if (!(sending && news.html.indexOf('class="message person') !== -1)) add(news.html);
    }
  });
  if (list.querySelector("li.person")) toEnd();
})();
