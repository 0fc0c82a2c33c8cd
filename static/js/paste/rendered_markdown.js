// Markdown on the page of a paste, with a button to switch between the rendered text and its source.
import { render } from "../markdown/render.js";
import { make, memory } from "../page/dom.js";
import { gettext } from "../page/messages.js";

export class RenderedMarkdown {
  #isDone = false;

  // `view` is the FileView whose lines are replaced by the rendered text.
  constructor(view) {
    this.view = view;
    this.rendered = make("div", { className: "markdown", hidden: true });
    this.button = make("button", { type: "button", className: "tool", textContent: gettext("Rendered"), ariaPressed: "false" });
    this.button.addEventListener("click", () => {
      const isOn = this.rendered.hidden;
      memory.set("rendered", isOn);
      this.show(isOn);
    });
    view.pre.after(this.rendered);
    view.select.after(this.button);
  }

  async show(isOn) {
    if (isOn && !this.#isDone && !(await this.#render())) return;
    this.rendered.hidden = !isOn;
    this.view.pre.hidden = isOn;
    this.view.wrapButton.hidden = isOn;
    this.button.ariaPressed = String(isOn);
  }

  end() {
    this.show(false);
    this.rendered.remove();
    this.button.remove();
  }

  async #render() {
    this.button.disabled = true;
    const elements = await render(this.view.lines.text, { below: 2 });
    this.button.disabled = false;
    this.view.section.dataset.rendered = elements ? "yes" : "no";
    if (elements) this.rendered.replaceChildren(...elements);
    else this.view.status.textContent = gettext("Shown as source: rendering took too long.");
    this.#isDone = elements !== null;
    return this.#isDone;
  }
}
