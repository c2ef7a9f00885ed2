// Keeps the list of cases up to date. Without it the page works and is reloaded by hand.
(function () {
  "use strict";
  var list = document.getElementById("cases");
  var view = list.dataset.view;
  var again = false;

  function change(news) {
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
    count(news.counts);
    ago();
  }

  function count(counts) {
    Object.keys(counts).forEach(function (name) {
      var count = document.querySelector('.count[data-view="' + name + '"]');
      if (count) count.textContent = counts[name];
    });
    document.getElementById("none").hidden = list.children.length > 0;
  }

  // What happened while nobody listened is read with the page; what is typed and the sound stay.
  function renew() {
    fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } }).then(function (response) {
      if (!response.ok || response.redirected) throw new Error("refused");
      return response.text();
    }).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html");
      var focused = list.contains(document.activeElement) ? document.activeElement.closest("li").id : "";
      list.replaceChildren.apply(list, Array.prototype.slice.call(fresh.getElementById("cases").children));
      var counts = {};
      Array.prototype.forEach.call(fresh.querySelectorAll(".count[data-view]"), function (each) { counts[each.dataset.view] = each.textContent; });
      count(counts);
      ago();
      var row = focused && document.getElementById(focused);
      if (row) row.querySelector("a").focus();
    }).catch(function () { setTimeout(renew, 5000); });
  }

  function ago() {
    Array.prototype.forEach.call(document.querySelectorAll("time.since"), function (time) {
      var minutes = Math.max(0, Math.round((Date.now() - new Date(time.dateTime)) / 60000));
      time.textContent = minutes < 1 ? "just now" : minutes < 60 ? minutes + " min" : minutes < 1440 ? Math.floor(minutes / 60) + " h " + (minutes % 60) + " min" : Math.floor(minutes / 1440) + " days";
    });
  }

  window.desk.page.changed = change;
  window.desk.page.lists = function (reference) { return Boolean(document.getElementById("case-" + reference)); };
  window.desk.page.ready = function (differs) { if (again || differs) renew(); again = true; };
  ago();
  setInterval(ago, 20000);
})();
