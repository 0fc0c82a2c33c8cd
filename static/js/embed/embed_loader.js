// For use on other sites: <script src="https://…/KEY/embed.js" async></script> is replaced by the paste. It adds an iframe
// with the height of its content, within limits. ?file=NAME selects a single file.
(() => {
  const MIN_HEIGHT = 40;
  const MAX_HEIGHT = 600;
  const script = document.currentScript;
  const address = new URL(script.src);
  address.pathname = address.pathname.replace(/\.js$/, "");
  const frame = document.createElement("iframe");
  frame.title = script.title || address.pathname.split("/").at(-2);
  frame.loading = "lazy";
  frame.sandbox = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
  frame.style.cssText = `display: block; width: 100%; height: ${MIN_HEIGHT}px; border: 0`;
  frame.src = address.href;
  addEventListener("message", ({ source, origin, data }) => {
    const height = source === frame.contentWindow && origin === address.origin ? data?.pasteurHeight : undefined;
    if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, MIN_HEIGHT), MAX_HEIGHT)}px`;
  });
  script.after(frame);
})();
