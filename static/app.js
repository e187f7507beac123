// Everything here only shortens a wait or saves a keystroke: each page works
// without it. It writes no markup of its own; what it shows comes from the
// server, read through the one Trusted Types policy of the content security
// policy.
"use strict";
(() => {
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("app", { createHTML: (html) => html })
    : { createHTML: (html) => html };
  const parse = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

  // One live region. At most one sentence in five seconds, the newest wins.
  const region = document.getElementById("say");
  const pause = 5000;
  let spoken = 0, next = "", timer = 0;
  const say = (sentence) => {
    if (!sentence || sentence === region.textContent) return;
    next = sentence;
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      spoken = Date.now();
      region.textContent = next;
    }, Math.max(0, spoken + pause - Date.now()));
  };

  // Buttons that only a script can serve are hidden until it is there. Each
  // changes its label when it is done.
  const reveal = (root) => {
    for (const button of root.querySelectorAll("button[data-done]")) button.hidden = "copy" in button.dataset && !navigator.clipboard;
  };
  const relabel = (button) => {
    const label = button.querySelector("[data-label]");
    [label.textContent, button.dataset.done] = [button.dataset.done, label.textContent];
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("button[data-done]");
    if (!button || button.dataset.busy) return;
    if ("pause" in button.dataset) {
      paused = !paused;
      relabel(button);
      if (paused) close(); else open();
      return;
    }
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.dataset.busy = "yes";
    say(button.dataset.done);
    relabel(button);
    setTimeout(() => { relabel(button); delete button.dataset.busy; }, 3000);
  });

  // "6 minutes ago" beside an absolute time, never in place of it.
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  const units = [["minute", 60], ["hour", 3600], ["day", 86400]];
  const ages = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      const age = Math.abs(seconds);
      let text = "";
      if (age < 90 * 86400) {
        const [unit, size] = units.findLast(([, size]) => age >= size) || units[0];
        text = " (" + relative.format(Math.trunc(seconds / size), unit) + ")";
      }
      if (time.dataset.ago === text) continue;
      time.dataset.ago = text;
      let beside = time.nextElementSibling;
      if (!beside || beside.className !== "ago") {
        beside = document.createElement("span");
        beside.className = "ago";
        time.after(beside);
      }
      beside.textContent = text;
    }
  };

  // What the person has done to a part (an age, a copy button, an open fold)
  // must not count as a difference to what the server sends.
  const bare = (element) => {
    const copy = element.cloneNode(true);
    for (const age of copy.querySelectorAll(".ago")) age.remove();
    for (const time of copy.querySelectorAll("time")) time.setAttribute("data-ago", "");
    for (const button of copy.querySelectorAll("[data-done]")) button.hidden = true;
    for (const fold of copy.querySelectorAll("details")) fold.open = false;
    return copy.outerHTML;
  };
  const replace = (old, fresh) => {
    const open = [...old.querySelectorAll("details")].map((fold) => fold.open);
    [...fresh.querySelectorAll("details")].forEach((fold, i) => { fold.open = fold.open || !!open[i]; });
    old.replaceWith(document.adoptNode(fresh));
    reveal(fresh);
    ages();
  };
  // A gate that has opened or closed changes the page as a whole. It is
  // replaced as a whole only while nothing has been typed into it. The answer
  // to a form says something that no page says again: of it only parts change,
  // and neither its heading nor its title.
  const main = () => document.getElementById("main");
  const answer = "answer" in document.body.dataset;
  const touched = () => [...document.querySelectorAll("main :is(input, textarea, option)")].some((field) =>
    field.value !== (field.defaultValue ?? field.value) || !!field.checked !== !!field.defaultChecked || !!field.selected !== !!field.defaultSelected);
  const parts = (page) => [...page.querySelectorAll("[data-live][id]")];
  const names = (page) => parts(page).map((part) => part.id).join();
  // Nothing is taken away from under the person's hands; what has the focus in
  // a window that has lost it is under nobody's.
  const held = (part) => {
    const focus = document.activeElement;
    if (focus === part || focus.id === "result" || !part.contains(focus) || !document.hasFocus()) return false;
    part.addEventListener("focusout", () => setTimeout(refresh), { once: true });
    return true;
  };
  const update = (page) => {
    if (!answer) document.title = page.title;
    say(page.getElementById("say").textContent);
    // What the last act has done stays until the next one.
    const result = document.getElementById("result");
    if (result && !page.getElementById("result")) page.querySelector("h1").after(result.cloneNode(true));
    const focused = document.activeElement === result;
    const whole = !answer && names(document) !== names(page) && !touched() && !held(main());
    for (const old of whole ? [...parts(document).filter((part) => !main().contains(part)), main()] : parts(document)) {
      const fresh = page.getElementById(old.id);
      if (!fresh || answer && old.id === "opening" || bare(old) === bare(fresh) || held(old)) continue;
      replace(old, fresh);
    }
    if (focused && document.activeElement !== result) document.getElementById("result")?.focus({ preventScroll: true });
  };
  let running = false, again = false;
  // A rejected entry is shown at the address it was sent to; the page that
  // lives is another.
  const here = new URL(document.body.dataset.page || location.href, location).href.split("#")[0];
  const refresh = async () => {
    if (paused) return;
    if (running) { again = true; return; }
    running = true;
    try {
      const answer = await fetch(here, { headers: { Accept: "text/html", "X-Latchkey-Refetch": "1" }, cache: "no-store" });
      // Another address means another page, for example the login: stay here.
      if (answer.ok && answer.url === here) update(parse(await answer.text()));
    } catch { /* the connection is gone; the stream reconnects and asks again */ }
    running = false;
    if (again) { again = false; refresh(); }
  };

  // One stream per tab, closed while nobody looks: browsers allow six
  // connections to a host over HTTP/1.1, for all tabs together.
  const address = document.body.dataset.events;
  let stream, soon, hidden, paused = false, over = !address;
  const close = () => { if (stream) stream.close(); stream = undefined; };
  const open = () => {
    if (over || paused || stream) return;
    stream = new EventSource(address);
    const changed = () => { clearTimeout(soon); soon = setTimeout(refresh, 150); };
    for (const name of ["part", "title", "message"]) stream.addEventListener(name, changed);
    stream.addEventListener("say", (event) => say(event.data));
    stream.addEventListener("end", () => { over = true; close(); changed(); });
    stream.addEventListener("open", changed);
  };
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(close, 60000);
    else open();
  });

  reveal(document);
  ages();
  setInterval(ages, 30000);
  open();
})();
