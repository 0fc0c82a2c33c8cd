// For pages of other sites: <script src="https://…/KEY/embed.js" async></script> shows the paste where the script stands.
// It adds one iframe and gives it the height of what is in it, up to a bound; ?file=NAME picks one file.
(() => {
  const LEAST = 40;
  const MOST = 600;
  const script = document.currentScript;
  const address = new URL(script.src);
  address.pathname = address.pathname.replace(/\.js$/, "");
  const frame = document.createElement("iframe");
  frame.title = script.title || address.pathname.split("/")[1];
  frame.loading = "lazy";
  frame.sandbox = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
  frame.style.cssText = `display: block; width: 100%; height: ${LEAST}px; border: 0`;
  frame.src = address.href;
  addEventListener("message", ({ source, origin, data }) => {
    const height = source === frame.contentWindow && origin === address.origin ? data?.pasteurHeight : undefined;
    if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, LEAST), MOST)}px`;
  });
  script.after(frame);
})();
