// The path of the site without a slash at its end, "" at the root of its host: scripts are below it in static/.
const { pathname } = new URL(import.meta.url);
export const sitePath = pathname.slice(0, pathname.lastIndexOf("/static/"));

// Return the key of the paste that this page is about.
export function keyOfPage() {
  return location.pathname.slice(sitePath.length).split("/")[1];
}
