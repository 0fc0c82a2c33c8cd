// Markdown on the page of a paste: rendered or as it was written, by a button.
import { make, memory } from "../page/dom.js";
import { render } from "../markdown/render.js";
import { gettext } from "../page/messages.js";

export class Rendering {
  #isDone = false;

  // `view` is the FileView; what is rendered stands in the place of its text.
  constructor(view) {
    this.view = view;
    this.place = make("div", { className: "markdown", hidden: true });
    this.button = make("button", { type: "button", className: "tool", textContent: gettext("Rendered"), ariaPressed: "false" });
    this.button.addEventListener("click", () => {
      const on = this.place.hidden;
      memory.set("rendered", on);
      this.show(on);
    });
    view.pre.after(this.place);
    view.select.after(this.button);
  }

  async show(on) {
    if (on && !this.#isDone && !(await this.#render())) return;
    this.place.hidden = !on;
    this.view.pre.hidden = on;
    this.view.wrapButton.hidden = on;
    this.button.ariaPressed = String(on);
  }

  end() {
    this.show(false);
    this.place.remove();
    this.button.remove();
  }

  async #render() {
    this.button.disabled = true;
    const shown = await render(this.view.listing.text, { below: 2 });
    this.button.disabled = false;
    this.view.section.dataset.rendered = shown ? "yes" : "no";
    if (shown) this.place.replaceChildren(...shown);
    else this.view.status.textContent = gettext("Shown as it was written: rendering it takes too long.");
    this.#isDone = shown !== null;
    return this.#isDone;
  }
}
