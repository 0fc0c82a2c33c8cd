// Before anything is painted: says that scripts run, and takes the theme that was chosen here.
// A plain script in the head, so that the page never shows another theme first.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system decides.
}
