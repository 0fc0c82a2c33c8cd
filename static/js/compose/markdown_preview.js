// The Markdown preview on the form, shown in place of the text field.
import { MARKDOWN } from "../../generated/constants.js";
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

export class MarkdownPreview {
  #renderRun = 0; // Incremented by each run, so that a slow run does not overwrite a later one.

  // `box` is the text field, and `footer` is the line below, which is hidden together with it.
  constructor(box, footer) {
    this.box = box;
    this.footer = footer;
    this.preview = make("div", { className: "markdown preview", role: "region", ariaLabel: gettext("Preview"), tabIndex: 0, hidden: true });
    this.button = make("button", { type: "button", className: "tool preview", textContent: gettext("Preview"), ariaPressed: "false", hidden: true });
    this.button.addEventListener("click", () => (this.preview.hidden ? this.#show() : this.#hide({ focus: true })));
    this.box.before(this.button);
    this.box.after(this.preview);
  }

  // Offer the preview if the text is Markdown.
  offer(language) {
    this.button.hidden = language !== MARKDOWN;
    if (this.button.hidden && !this.preview.hidden) this.#hide();
  }

  async #show() {
    const run = ++this.#renderRun;
    const { render } = await import("../markdown/render.js");
    const elements = await render(this.box.value, { below: 1 });
    if (run !== this.#renderRun) return;
    if (elements?.length) {
      this.preview.replaceChildren(...elements);
    } else {
      const textContent = elements ? gettext("There is nothing to preview yet.") : gettext("The preview took too long.");
      this.preview.replaceChildren(make("p", { className: "muted", textContent }));
    }
    this.#swap(true);
  }

  #hide({ focus = false } = {}) {
    this.#renderRun++;
    this.#swap(false);
    if (focus) this.box.focus();
  }

  #swap(isPreview) {
    this.preview.style.setProperty("--height", `${this.box.offsetHeight}px`);
    this.preview.hidden = !isPreview;
    this.box.hidden = isPreview;
    this.footer.hidden = isPreview;
    this.button.ariaPressed = String(isPreview);
  }
}
