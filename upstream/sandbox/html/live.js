// Shows what has changed as it happens. Without it, the page is the same and is loaded anew by hand.
"use strict";

const part = document.getElementById("live");
if (part) {
  const changes = new EventSource("/_sandbox/api/live");
  changes.onmessage = async () => {
    // Nothing moves away below somebody's fingers.
    if (part.contains(document.activeElement) && !document.activeElement.matches(".scroll")) return;
    const answer = await fetch(location.pathname, {headers: {Accept: "text/html"}});
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (fresh) part.replaceChildren(...fresh.childNodes);
  };
}
