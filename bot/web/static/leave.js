// Leaves the site at once: the page is blanked before the other one loads, and "back" does not return here.
(function () {
  "use strict";
  var link = document.getElementById("leave");
  if (!link) return;
  function leave() {
    document.body.hidden = true;
    document.title = "Weather";
    location.replace(link.href);
  }
  link.addEventListener("click", function (event) {
    event.preventDefault();
    leave();
  });
  var presses = [];
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    presses = presses.filter(function (then) { return event.timeStamp - then < 2000; });
    presses.push(event.timeStamp);
    if (presses.length >= 3) leave();
  });
})();
