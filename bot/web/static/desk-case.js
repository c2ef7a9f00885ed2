// One case: new messages appear by themselves, replies are sent without leaving the page, and each side sees the other write.
(function () {
  "use strict";
  var list = document.getElementById("messages");
  var typing = document.getElementById("typing");
  var status = document.getElementById("status");
  var state = document.getElementById("state");
  var changed = document.getElementById("changed");
  var form = document.getElementById("reply");
  var text = document.getElementById("text");
  var canned = document.getElementById("canned");
  var base = "/desk/cases/" + list.dataset.reference;
  var last = Number(list.dataset.last) || 0;
  var seen = Number(list.dataset.seen) || 0;
  var pause = 1000;
  var socket = null;
  var quiet = null;

  function newId() {
    var bytes = new Uint8Array(8);
    crypto.getRandomValues(bytes);
    return Array.prototype.map.call(bytes, function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  }

  function add(html) {
    var holder = document.createElement("template");
    holder.innerHTML = html;
    Array.prototype.forEach.call(holder.content.querySelectorAll("li.message"), function (item) {
      if (document.getElementById(item.id)) return;
      list.appendChild(item);
      last = Math.max(last, Number(item.dataset.id));
      typing.hidden = true;
      item.scrollIntoView({ block: "nearest" });
    });
    showSeen();
    tellSeen();
  }

  // Below the team's last message that the person has been shown.
  function showSeen() {
    var old = list.querySelector(".seen");
    if (old) old.remove();
    var mine = Array.prototype.filter.call(list.querySelectorAll("li.staff"), function (item) { return Number(item.dataset.id) <= seen; });
    if (!mine.length) return;
    var mark = document.createElement("p");
    mark.className = "seen";
    mark.textContent = "Seen";
    mine[mine.length - 1].appendChild(mark);
  }

  function send(notice) { if (socket && socket.readyState === 1) socket.send(JSON.stringify(notice)); }
  function tellSeen() { if (document.visibilityState === "visible" && last) send({ type: "seen", id: last }); }
  document.addEventListener("visibilitychange", tellSeen);

  function start(words) {
    text.value = text.value ? text.value + "\n" + words : words;
    text.focus();
  }

  // The canned replies in which every word that is typed stands, in their category, title or text.
  function listReplies() {
    var find = document.getElementById("find");
    var found = document.getElementById("found");
    var count = document.getElementById("count");
    var replies = Array.prototype.map.call(canned.querySelectorAll("optgroup option"), function (option) {
      var title = document.createElement("strong");
      title.textContent = option.label;
      var button = document.createElement("button");
      button.type = "button";
      button.append(title, " " + option.value);
      button.addEventListener("click", function () { find.value = ""; show(); start(option.value); });
      var item = document.createElement("li");
      item.append(button);
      return { item: item, words: [option.parentElement.label, option.label, option.value].join(" ").toLowerCase() };
    });

    function show() {
      var wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      var fitting = replies.filter(function (reply) { return wanted.every(function (word) { return reply.words.includes(word); }); });
      found.replaceChildren.apply(found, wanted.length ? fitting.map(function (reply) { return reply.item; }) : []);
      found.hidden = !found.children.length;
      var said = "No reply has these words.";
      if (fitting.length) said = fitting.length + (fitting.length === 1 ? " reply" : " replies");
      count.textContent = wanted.length ? said : "";
    }

    // Down and up go through the replies, Enter takes one, Escape ends the search.
    function move(event) {
      var buttons = Array.prototype.slice.call(found.querySelectorAll("button"));
      var place = buttons.indexOf(document.activeElement);
      if (event.key === "ArrowDown") place += 1;
      else if (event.key === "ArrowUp") place -= 1;
      else if (event.key === "Escape") { find.value = ""; show(); place = -1; }
      else if (event.key === "Enter" && place < 0) { if (buttons.length === 1) { event.preventDefault(); buttons[0].click(); return; } place = 0; }
      else return;
      event.preventDefault();
      (buttons[place] || (place < 0 || !buttons.length ? find : buttons[buttons.length - 1])).focus();
    }

    find.addEventListener("input", show);
    find.addEventListener("keydown", move);
    found.addEventListener("keydown", move);
    document.getElementById("search").hidden = false;
  }

  function listen() {
    var scheme = location.protocol === "https:" ? "wss://" : "ws://";
    socket = new WebSocket(scheme + location.host + base + "/events?after=" + last);
    socket.addEventListener("open", function () { pause = 1000; status.textContent = ""; tellSeen(); });
    socket.addEventListener("message", function (event) {
      var news = JSON.parse(event.data);
      if (news.type === "message") add(news.html);
      else if (news.type === "seen") { seen = Math.max(seen, Number(news.id)); showSeen(); }
      else if (news.type === "typing") {
        typing.hidden = false;
        clearTimeout(quiet);
        quiet = setTimeout(function () { typing.hidden = true; }, 4000);
      } else if (news.type === "changed" && ((news.holder || "") !== state.dataset.holder || news.status !== state.dataset.status)) {
        changed.querySelector("span").textContent = "This case has changed" + (news.holder ? ": it is with " + news.holder + "." : ".");
        changed.hidden = false;
      }
    });
    socket.addEventListener("close", function (event) {
      if (event.code === 4401) { status.textContent = "You are signed out. Please sign in again."; return; }
      status.textContent = "The connection is lost. Trying again.";
      setTimeout(listen, pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, 15000);
    });
  }

  if (form) {
    var id = form.elements.client_message_id.value;
    canned.addEventListener("change", function () {
      if (!canned.value) return;
      start(canned.value);
      canned.value = "";
    });
    listReplies();
    text.addEventListener("input", function () { send({ type: "typing" }); });
    text.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var words = text.value;
      if (!words.trim()) { status.textContent = "Please type your reply."; text.focus(); return; }
      status.textContent = "Sending.";
      // The same id until it is sent, so that trying again cannot send it twice.
      fetch(base + "/reply?after=" + last, {
        method: "POST",
        headers: { "X-Chat-Piece": "1", "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ text: words, client_message_id: id }),
        credentials: "same-origin"
      }).then(function (response) {
        return response.text().then(function (html) {
          if (response.status === 409) { status.textContent = "Not sent: the case has changed."; changed.hidden = false; return; }
          if (response.status === 401) { status.textContent = "Not sent: you are signed out. Copy your words, then sign in again."; return; }
          if (!response.ok) throw new Error("refused");
          status.textContent = "";
          text.value = "";
          id = newId();
          add(html);
        });
      }).catch(function () { status.textContent = "Not sent. Check your connection, then press Send again."; });
    });
  }
  if ("WebSocket" in window) listen();
  showSeen();
  var newest = list.lastElementChild;
  if (newest) newest.scrollIntoView({ block: "nearest" });
})();
