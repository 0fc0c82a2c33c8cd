// The path of the site without a trailing slash, or "" at the root of its host. Scripts are in static/ below it.
const { pathname } = new URL(import.meta.url);
export const sitePath = pathname.slice(0, pathname.lastIndexOf("/static/"));

// Return the key of the paste that this page is about.
export function keyOfPage() {
  return location.pathname.slice(sitePath.length).split("/")[1];
}
