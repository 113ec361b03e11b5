// The token: from the link of `devenv open`, kept for this tab alone, sent as a header that no other page can set.
const KEY = "devenv-token";

export const hasToken = () => Boolean(sessionStorage.getItem(KEY));

export async function enter() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has("token") || given.has("ticket")) history.replaceState(null, "", location.pathname);
  if (given.has("token")) sessionStorage.setItem(KEY, given.get("token"));
  if (given.has("ticket")) {
    const answer = await fetch("/session", { method: "POST", headers: { "X-Devenv-Ticket": given.get("ticket") } });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error.message);
    sessionStorage.setItem(KEY, body.token);
  }
}

export async function api(path) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}` };
  const answer = await fetch(path, { method: "POST", headers });
  const body = await answer.json();
  if (answer.status === 401) sessionStorage.removeItem(KEY);
  if (!answer.ok) throw new Error([body.error.message, body.error.hint].filter(Boolean).join("; try: "));
  return body;
}
