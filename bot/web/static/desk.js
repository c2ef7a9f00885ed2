// Keeps the list of cases up to date, and calls out when somebody new waits. Without it the page works and is reloaded by hand.
(function () {
  "use strict";
  var list = document.getElementById("cases");
  var view = list.dataset.view;
  var away = document.getElementById("away");
  var absent = document.getElementById("absent");
  var alarm = document.getElementById("alarm");
  var told = document.getElementById("told");
  var title = "Duty desk";
  var pause = 1000;
  var sound = null;
  var known = {};
  Array.prototype.forEach.call(list.children, function (row) { known[row.id] = true; });

  function badge(waiting) { document.title = (waiting ? "(" + waiting + ") " : "") + title; }

  function show(news) {
    var id = "case-" + news.reference;
    var there = document.getElementById(id);
    var holder = document.createElement("template");
    holder.innerHTML = news.html.trim();
    var row = holder.content.querySelector("li");
    var belongs = news.matches && (view ? news.views.indexOf(view) !== -1 : Boolean(there));
    var focused = there && there.contains(document.activeElement);
    if (there) there.remove();
    if (belongs) {
      var next = view !== "closed" && Array.prototype.find.call(list.children, function (other) { return other.dataset.rank > row.dataset.rank; });
      list.insertBefore(row, view === "closed" ? list.firstChild : next || null);
      if (focused) row.querySelector("a").focus();
    }
    Object.keys(news.counts).forEach(function (name) {
      var count = document.querySelector('.count[data-view="' + name + '"]');
      if (count) count.textContent = news.counts[name];
    });
    document.getElementById("none").hidden = list.children.length > 0;
    badge(news.counts.waiting);
    nobody(news.absent);
    if (news.views.indexOf("waiting") !== -1 && !known[id]) {
      known[id] = true;
      call(news);
    }
    if (news.views.indexOf("waiting") === -1) delete known[id];
  }

  function nobody(councils) {
    absent.hidden = !councils.length;
    absent.textContent = "Nobody is at the duty desk of " + councils.join(" and ") + ".";
  }

  // A call that says no more than that somebody waits: others may see the screen.
  function call(news) {
    told.textContent = "New case " + news.reference + ", " + news.urgency + (news.matches ? "" : ". The filter leaves it out of this list.");
    if (sound) {
      var times = news.urgency === "emergency" ? 3 : 1;
      for (var i = 0; i < times; i += 1) beep(sound.currentTime + i * 0.45);
    }
    if ("Notification" in window && Notification.permission === "granted") {
      var notice = new Notification("Somebody waits", { body: "Case " + news.reference + ", " + news.urgency, tag: news.reference });
      notice.addEventListener("click", function () { window.focus(); location.assign("/desk/cases/" + news.reference); });
    }
  }

  function beep(at) {
    var tone = sound.createOscillator();
    var loudness = sound.createGain();
    tone.frequency.value = 880;
    loudness.gain.setValueAtTime(0.2, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    tone.connect(loudness).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }

  if ("AudioContext" in window) {
    alarm.hidden = false;
    alarm.addEventListener("click", function () {
      sound = new AudioContext();
      beep(sound.currentTime);
      if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
      alarm.textContent = "Sound is on";
      alarm.disabled = true;
    });
  }

  function ago() {
    Array.prototype.forEach.call(document.querySelectorAll("time.since"), function (time) {
      var minutes = Math.max(0, Math.round((Date.now() - new Date(time.dateTime)) / 60000));
      time.textContent = minutes < 1 ? "just now" : minutes < 60 ? minutes + " min" : minutes < 1440 ? Math.floor(minutes / 60) + " h " + (minutes % 60) + " min" : Math.floor(minutes / 1440) + " days";
    });
  }

  function listen(again) {
    var scheme = location.protocol === "https:" ? "wss://" : "ws://";
    var socket = new WebSocket(scheme + location.host + "/desk/events" + (list.dataset.filter && "?" + list.dataset.filter));
    socket.addEventListener("open", function () {
      pause = 1000;
      // What happened while nobody listened is read with the page.
      if (again) { location.reload(); return; }
      away.hidden = true;
    });
    socket.addEventListener("message", function (event) {
      var news = JSON.parse(event.data);
      if (news.type === "case") { show(news); ago(); return; }
      // Somebody came between the page and its connection.
      var known = document.querySelector('.count[data-view="waiting"]');
      if (Number(known.textContent) !== news.counts.waiting) { location.reload(); return; }
      nobody(news.absent);
    });
    socket.addEventListener("close", function (event) {
      if (sound && away.hidden) beep(sound.currentTime);
      away.hidden = false;
      if (event.code === 4401) {
        away.textContent = "You are signed out. New cases are not shown here. Please sign in again.";
        document.title = "(!) Signed out";
        return;
      }
      away.textContent = "The connection is lost. New cases are not shown here until it is back.";
      document.title = "(!) " + title;
      setTimeout(function () { listen(true); }, pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, 15000);
    });
  }
  ago();
  setInterval(ago, 20000);
  if ("WebSocket" in window) listen(false);
})();
