// Marks that scripts run, and sets the theme that was chosen in this browser. A plain script in the head: it runs before
// anything is painted, so that the page never shows the wrong theme first.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme applies.
}
