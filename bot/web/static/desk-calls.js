// Calls out on every page of the desk: a case that waits, a cry for help in any, words in one's own. By sound, by a notice of
// the browser, in the title and on the page; and it says so when nothing can be heard. No call says what was said.
(function () {
  "use strict";
  var bar = document.getElementById("calls");
  var away = document.getElementById("away");
  var absent = document.getElementById("absent");
  var alarm = document.getElementById("alarm");
  var told = document.getElementById("told");
  var place = bar.dataset.place;
  var open = bar.dataset.reference || "";
  var title = bar.dataset.title;
  var waiting = Number(bar.dataset.waiting);
  var called = false;
  var lost = "";
  var sound = null;
  var SAYS = { "new": "waits for an answer", wrote: "has a new message" };
  // What the page itself does with the news.
  var page = { ready: function () {}, changed: function () {}, lists: function () { return false; } };
  window.desk = { page: page, title: function (now) { title = now; entitle(); }, call: call };

  function entitle() {
    document.title = (lost ? "(!) " : called ? "\u25cf " : "") + (waiting ? "(" + waiting + ") " : "") + (lost || title);
  }
  function count(now) {
    var shown = document.getElementById("waiting");
    waiting = now;
    if (!shown) return;
    shown.hidden = !now;
    shown.querySelector(".count").textContent = now;
  }
  function looked() {
    if (document.visibilityState !== "visible" || !document.hasFocus()) return;
    called = false;
    entitle();
  }
  document.addEventListener("visibilitychange", looked);
  window.addEventListener("focus", looked);

  function nobody(councils) {
    absent.hidden = !councils.length;
    absent.textContent = "Nobody is at the duty desk of " + councils.join(" and ") + ".";
  }

  function call(reference, urgency, why, note) {
    var isOpen = reference === open && document.visibilityState === "visible";
    if (isOpen && why === "wrote") return;
    var emergency = why === "danger" || urgency === "emergency";
    told.textContent = (emergency ? "Emergency: case " + reference : "Case " + reference + ", " + urgency + ", " + SAYS[why]) + "." + (note || "");
    called = true;
    entitle();
    setTimeout(looked, 4000);
    if (!page.lists(reference)) show(reference, urgency, why);
    ring(emergency ? 3 : 1);
    if ("Notification" in window && Notification.permission === "granted") {
      var notice = new Notification(emergency ? "Emergency" : why === "wrote" ? "New message" : "Somebody waits",
        { body: "Case " + reference + ", " + urgency, tag: reference, renotify: true });
      notice.addEventListener("click", function () { window.focus(); location.assign("/desk/cases/" + reference); });
    }
  }

  // A line with a link for what the page does not show otherwise: all cries for help, and the latest of the rest.
  function show(reference, urgency, why) {
    var there = document.getElementById("call-" + reference);
    if (there) there.remove();
    var item = document.createElement("li");
    var link = document.createElement("a");
    item.id = "call-" + reference;
    item.className = urgency;
    item.dataset.why = why;
    link.href = "/desk/cases/" + reference;
    link.textContent = reference;
    if (urgency === "emergency") item.append("Emergency: case ", link, reference === open ? ", this one. Read the last messages." : ".");
    else item.append("Case ", link, " (" + urgency + ") " + SAYS[why] + ".");
    var others = bar.querySelectorAll('li:not([data-why="danger"])');
    bar.insertBefore(item, why === "danger" ? bar.firstChild : others[0] || null);
    if (why !== "danger" && others.length > 2) others[others.length - 1].remove();
    bar.hidden = false;
  }
  // A cry for help stays until the page is left.
  function settled(news) {
    var there = document.getElementById("call-" + news.reference);
    if (there && there.dataset.why !== "danger" && news.settled) there.remove();
    bar.hidden = !bar.children.length;
  }

  // Sound stays on from page to page; where the browser wants a press first, the next one anywhere will do.
  function kept() { try { return localStorage.getItem("sound") === "on"; } catch (error) { return false; } }
  function keep() { try { localStorage.setItem("sound", "on"); } catch (error) { /* It is on for this page. */ } }
  function isOn() { return Boolean(sound) && sound.state === "running"; }
  function showSound() {
    alarm.disabled = isOn();
    alarm.textContent = isOn() ? "Sound is on" : kept() ? "Sound is off: press to turn it on again" : "Turn on sound and notices";
    alarm.classList.toggle("off", !isOn());
  }
  function wake() {
    if (!sound) { sound = new AudioContext(); sound.addEventListener("statechange", showSound); }
    return sound.resume().then(showSound);
  }
  function ring(times) {
    if (!isOn()) return;
    for (var i = 0; i < times; i += 1) beep(sound.currentTime + i * 0.45);
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
    showSound();
    if (kept()) {
      wake();
      ["pointerdown", "keydown"].forEach(function (press) {
        document.addEventListener(press, function () { if (!isOn()) wake(); });
      });
    }
    alarm.addEventListener("click", function () {
      keep();
      wake().then(function () { ring(1); });
      if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
    });
  }

  function address() {
    return "/desk/events?since=" + place + (bar.dataset.filter ? "&" + bar.dataset.filter : "");
  }
  window.connection(address, {
    open: function () { lost = ""; away.hidden = true; entitle(); },
    hear: function (news) {
      if (news.absent) nobody(news.absent);
      if (news.type === "beat") return;
      var before = waiting;
      count(news.counts.waiting);
      if (news.type === "ready") { page.ready(before !== waiting); entitle(); return; }
      place = news.place;
      page.changed(news);
      settled(news);
      entitle();
      if (news.call) call(news.reference, news.urgency, news.call, news.matches ? "" : " The filter leaves it out of this list.");
    },
    lost: function (isSignedOut) {
      if (!lost) ring(1);
      lost = isSignedOut ? "Signed out" : title;
      away.hidden = false;
      away.textContent = "The connection is lost. New cases are not shown here until it is back.";
      if (isSignedOut) {
        var link = document.createElement("a");
        link.href = "/staff/sign-in?next=" + encodeURIComponent(location.pathname + location.search);
        link.textContent = "Please sign in again";
        away.textContent = "You are signed out. New cases are not shown here. ";
        away.append(link, ".");
      }
      entitle();
    }
  });
})();
