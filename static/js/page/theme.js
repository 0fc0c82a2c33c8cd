// Indicates that scripts are enabled, and sets the theme chosen in this browser. This is a classic script in the head,
// which runs before anything is painted, so that the page never flashes in the wrong theme.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is disabled, so the system's theme is used.
}
