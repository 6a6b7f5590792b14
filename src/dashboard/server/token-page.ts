export const TOKEN_PAGE_STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; padding: 12vh 1.5rem; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 0 auto; }
h1 { font-size: 1.25rem; }
label { display: block; margin: 1.5rem 0 0.25rem; font-weight: 600; }
form div { display: flex; gap: 0.5rem; }
input, button { padding: 0.5rem 0.75rem; font: inherit; }
input { flex: 1; min-width: 0; }
`;

/**
 * Returns the page for a browser that has sent no token, or a wrong one. The form of the page opens the same address
 * with the token in the query string, as in the URL of `Dashboard.url`. The browser keeps the fragment of the address,
 * so the same view opens.
 *
 * @param reason why the page is shown, as text for the user. It must be a constant, because it is not escaped
 */
export function tokenPage(reason: string): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>noex · token required</title>
  <style>${TOKEN_PAGE_STYLE}</style>
  <main>
    <h1>noex dashboard</h1>
    <p>${reason}</p>
    <form>
      <label for="token">Token</label>
      <div>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
        <button>Open</button>
      </div>
    </form>
  </main>
</html>
`;
}
