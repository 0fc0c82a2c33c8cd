// The preview of Markdown on the form, in the place of the field in which it is written.
import { MARKDOWN } from "../../generated/constants.js";
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

export class MarkdownPreview {
  #run = 0; // Counts renderings, so that a slow one does not replace a later one.

  // `box` is the field; `footer`, the line below it, is hidden along with it.
  constructor(box, footer) {
    this.box = box;
    this.footer = footer;
    this.place = make("div", { className: "markdown preview", role: "region", ariaLabel: gettext("Preview"), tabIndex: 0, hidden: true });
    this.button = make("button", { type: "button", className: "tool preview", textContent: gettext("Preview"), ariaPressed: "false", hidden: true });
    this.button.addEventListener("click", () => (this.place.hidden ? this.#show() : this.#hide({ focus: true })));
    this.box.before(this.button);
    this.box.after(this.place);
  }

  // Offer the preview if the text is Markdown.
  offer(language) {
    this.button.hidden = language !== MARKDOWN;
    if (this.button.hidden && !this.place.hidden) this.#hide();
  }

  async #show() {
    const run = ++this.#run;
    const { render } = await import("../markdown/render.js");
    const elements = await render(this.box.value, { below: 1 });
    if (run !== this.#run) return;
    if (elements?.length) {
      this.place.replaceChildren(...elements);
    } else {
      const textContent = elements ? gettext("There is nothing to preview yet.") : gettext("The preview takes too long.");
      this.place.replaceChildren(make("p", { className: "muted", textContent }));
    }
    this.#swap(true);
  }

  #hide({ focus = false } = {}) {
    this.#run++;
    this.#swap(false);
    if (focus) this.box.focus();
  }

  #swap(isPreview) {
    this.place.style.setProperty("--height", `${this.box.offsetHeight}px`);
    this.place.hidden = !isPreview;
    this.box.hidden = isPreview;
    this.footer.hidden = isPreview;
    this.button.ariaPressed = String(isPreview);
  }
}
