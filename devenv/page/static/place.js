// Where the reader is in a section, so that its replacement leaves them there: what is focused, what is unfolded.
const name = (element) => element.id || element.getAttribute("aria-label") || element.getAttribute("href");

export function remember(place) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const summary = focused?.matches("summary") ? focused.parentElement.id : null;
  return {
    focused: focused && !summary ? name(focused) : null,
    summary,
    open: [...place.querySelectorAll("details[open]")].map((details) => details.id),
  };
}

export function restore(place, kept, unfolded) {
  for (const details of place.querySelectorAll("details")) {
    if (!kept.open.includes(details.id)) continue;
    details.open = true;
    if (details.dataset.facts) unfolded(details);
  }
  if (kept.summary) document.getElementById(kept.summary)?.querySelector("summary").focus();
  if (!kept.focused) return;
  [...place.querySelectorAll("a, button")].find((element) => name(element) === kept.focused)?.focus();
}
