"""A widget's front end alone in a page: no kernel, its model played by the page."""

import json

_PAGE = """<!doctype html><style>%s</style><body style="margin:8px"><script type="module">
%s
window.saved = 0;
window.render = (state) => {
  const listeners = {}, root = document.body.appendChild(document.createElement("div"));
  window.show = (told) => {
    Object.assign(state, told);
    Object.keys(told).forEach((name) => listeners[`change:${name}`]?.());
  };
  window.told = state;
  const model = {
    get: (name) => state[name], set: (name, value) => { state[name] = value; },
    save_changes: () => { window.saved += 1; }, on: (event, listener) => { listeners[event] = listener; },
  };
  made.render({model, el: root});
};
render(%s);
</script>"""
SIZES = {"desk": (1280, 900), "projector": (1024, 768), "narrow": (640, 800), "phone": (390, 844)}


def play(page, widget):
    """Show a widget in a page; `show(told)` there plays what the kernel would send, `told` is what it has."""
    names = [name for name in ("data", "rows", *widget.kept) if hasattr(widget, name)]
    state = json.dumps({name: getattr(widget, name) for name in names}).replace("</", "<\\/")
    page.set_content(_PAGE % (widget._css, widget._esm.replace("export default", "const made ="), state))
    page.wait_for_selector(".secondop .main > *")


def resize(page, size):
    """As large as a screen of that name."""
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
