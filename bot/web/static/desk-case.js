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
  var quiet = null;
  var note = document.getElementById("note");
  var unsent = document.getElementById("unsent");
  var settle = document.getElementById("settle");
  var reads = document.querySelectorAll('input[name="read"]');

  function add(html) {
    var holder = document.createElement("template");
    holder.innerHTML = html;
    Array.prototype.forEach.call(holder.content.querySelectorAll("li.message"), function (item) {
      if (document.getElementById(item.id)) return;
      list.appendChild(item);
      last = Math.max(last, Number(item.dataset.id));
      Array.prototype.forEach.call(reads, function (field) { field.value = last; });
      typing.hidden = true;
      item.scrollIntoView({ block: "nearest" });
    });
    showSeen();
    tellSeen();
    var words = list.querySelectorAll("li.person, li.staff");
    if (settle && words.length) settle.hidden = !words[words.length - 1].classList.contains("person");
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

  function tellSeen() { if (document.visibilityState === "visible" && last) socket.send({ type: "seen", id: last }); }
  document.addEventListener("visibilitychange", tellSeen);

  // What is half written outlives the page, in this tab alone, until it is sent or its writer signs out.
  function nameOf(id) { return ["draft", state.dataset.member, base, id].join(" "); }
  function kept(id) { try { return sessionStorage.getItem(nameOf(id)) || ""; } catch (error) { return ""; } }
  function keep(id, words) { try { sessionStorage.setItem(nameOf(id), words); } catch (error) { /* Then as long as the page. */ } }
  function plain(words) { return words.replace(/\s+/g, " ").trim(); }
  // `sent` is where it stands if it was sent after all.
  function draft(field, sent) {
    var words = kept(field.id);
    if (sent && plain(sent.textContent) === plain(words)) words = "";
    if (!field.value) field.value = words;
    field.addEventListener("input", function () { keep(field.id, field.value); });
  }
  function latest(what) { var all = document.querySelectorAll(what); return all[all.length - 1]; }

  function start(words) {
    text.value = text.value ? text.value + "\n" + words : words;
    keep("text", text.value);
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
    var folded = form.querySelector(".canned");
    folded.hidden = false;
    folded.open = matchMedia("(min-width: 60rem) and (min-height: 45rem)").matches;
  }

  // The page stands as it was shown; what became of the case since is told above it.
  function stand(news) {
    if (Number(news.rank) < Number(state.dataset.rank)) {
      var urgency = document.getElementById("urgency");
      urgency.textContent = news.urgency;
      urgency.className = "urgency " + news.urgency;
      window.desk.title(list.dataset.reference + ": " + news.urgency);
    }
    if (news.deleted && state.dataset.deleted !== "yes") {
      // What was said is gone for the team as well.
      list.replaceChildren();
      Array.prototype.forEach.call(document.querySelectorAll("[data-goes]"), function (each) { each.remove(); });
      if (form) form.hidden = true;
      changed.querySelector("span").textContent = "The person has deleted this chat. What was said is gone.";
      changed.hidden = false;
      return;
    }
    var isOther = (news.holder || "") !== state.dataset.holder || news.status !== state.dataset.status;
    var isSilent = news.unanswered && state.dataset.unanswered !== "yes";
    if (!isOther && !isSilent && news.urgency === state.dataset.urgency) { changed.hidden = true; return; }
    var says = "This case has changed" + (news.holder ? ": it is with " + news.holder + "." : ".");
    if (!isOther) says = "This case is " + (news.urgency === "emergency" ? "an emergency" : news.urgency) + " now. Read the last messages.";
    if (!isOther && isSilent) says = "They wait for an answer, and the whole team was told.";
    changed.querySelector("span").textContent = says;
    changed.hidden = false;
  }

  var socket = window.connection(function () { return base + "/events?after=" + last; }, {
    open: function () { status.textContent = ""; tellSeen(); },
    hear: function (news) {
      if (news.type === "message") add(news.html);
      else if (news.type === "seen") { seen = Math.max(seen, Number(news.id)); showSeen(); }
      else if (news.type === "changed") stand(news);
      else if (news.type === "typing") {
        typing.hidden = false;
        clearTimeout(quiet);
        quiet = setTimeout(function () { typing.hidden = true; }, 4000);
      }
    },
    lost: function (isSignedOut) {
      status.textContent = isSignedOut ? "You are signed out. Please sign in again." : "The connection is lost. Trying again.";
    }
  });

  if (form) {
    var id = form.elements.client_message_id.value;
    var tried = "";
    var isSending = false;
    document.getElementById("insert").addEventListener("click", function () {
      if (!canned.value) { canned.focus(); return; }
      start(canned.value);
      canned.value = "";
    });
    listReplies();
    draft(text, latest("li.staff .bubble"));
    text.addEventListener("input", function () { socket.send({ type: "typing" }); });
    text.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var words = text.value;
      if (!words.trim()) { status.textContent = "Please type your reply."; text.focus(); return; }
      if (isSending) { status.textContent = "Still sending what you wrote before."; return; }
      status.textContent = "Sending.";
      isSending = true;
      // The same words have the same id until they are sent, so that trying again cannot send them twice.
      if (tried && tried !== words) id = window.newId();
      tried = words;
      fetch(base + "/reply?after=" + last, {
        method: "POST",
        headers: { "X-Chat-Piece": "1", "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ text: words, client_message_id: id }),
        credentials: "same-origin"
      }).then(function (response) {
        return response.text().then(function (html) {
          isSending = false;
          if (response.status === 409) { status.textContent = "Not sent: the case has changed."; changed.hidden = false; return; }
          if (response.status === 401) { status.textContent = "Not sent: you are signed out. Copy your words, then sign in again."; return; }
          if (!response.ok) throw new Error("refused");
          status.textContent = "";
          // What was typed meanwhile stays.
          if (text.value.indexOf(words) === 0) text.value = text.value.slice(words.length).replace(/^\s+/, "");
          keep("text", text.value);
          tried = "";
          id = window.newId();
          add(html);
        });
      }).catch(function () {
        isSending = false;
        status.textContent = "Not sent. Check your connection, then press Send again.";
      });
    });
  }
  if (note) draft(note, latest(".team-note > div"));
  if (unsent && kept("text")) {
    unsent.querySelector("textarea").value = unsent.querySelector("textarea").value || kept("text");
    unsent.hidden = false;
  }
  showSeen();
  var newest = list.lastElementChild;
  // Who answers in the chat reads its end; anybody else the beginning of the page: how things stand, and how to reach them.
  if (newest && form && state.dataset.way === "chat") newest.scrollIntoView({ block: "nearest" });
})();
