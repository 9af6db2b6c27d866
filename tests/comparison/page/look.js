// What a test asks of the page in a browser: each function returns what is wrong.
(() => {
  const channels = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) known.set(colour, channels(colour));
    return known.get(colour);
  };
  const luminance = (colour) => {
    const linear = rgba(colour).slice(0, 3).map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  // What an element paints: its background, or the fill of a shape; null where one sees through.
  const paint = (element) => {
    const style = getComputedStyle(element);
    const shape = element instanceof SVGElement;
    if (shape && !["path", "rect", "circle", "use"].includes(element.localName)) return null;
    const colour = shape ? style.fill : style.backgroundColor;
    if (colour === "none" || Number(style.fillOpacity) < 1) return null;
    return rgba(colour)[3] === 255 ? colour : null;
  };
  const ground = (element, box) => {
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const pile = document.elementsFromPoint(x, y);
    const below = pile.includes(element) ? pile.slice(pile.indexOf(element)) : [];
    const shapes = element instanceof SVGElement ? below.slice(1) : below;
    for (const one of shapes) if (paint(one)) return paint(one);
    for (let one = element; one; one = one.parentElement) if (!(one instanceof SVGElement) && paint(one)) return paint(one);
    return "rgb(255, 255, 255)";
  };
  const texts = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const [node, element] = [walker.currentNode, walker.currentNode.parentElement];
      const shown = element.checkVisibility() && !["SCRIPT", "STYLE"].includes(element.tagName);
      if (node.data.trim() && shown) found.push([node, element]);
    }
    return found;
  };
  const boxOf = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  };

  window.look = {
    count: () => texts().length,
    faint: (least) =>
      texts().flatMap(([node, element]) => {
        element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const style = getComputedStyle(element);
        const ink = element instanceof SVGElement ? style.fill : style.color;
        const found = contrast(ink, ground(element, boxOf(node)));
        return found >= least ? [] : [`${node.data.trim().slice(0, 40)}: ${found.toFixed(2)} (${ink} on ${ground(element, boxOf(node))})`];
      }),
    small: (least) =>
      texts().flatMap(([node, element]) => {
        const svg = element.closest("svg");
        const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
        const size = scale * parseFloat(getComputedStyle(element).fontSize);
        return size >= least ? [] : [`${node.data.trim().slice(0, 40)}: ${size.toFixed(1)} px`];
      }),
    covered: () =>
      [...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
        if (!svg.checkVisibility()) return [];
        const all = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
        return all.flatMap(([said, a], index) =>
          all.slice(index + 1).flatMap(([other, b]) => {
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            return across > 1 && down > 5 ? [`${said} / ${other}`] : [];
          }),
        );
      }),
    outside: () => {
      scrollTo(0, 0);
      const wide = document.documentElement.clientWidth;
      return [...document.querySelectorAll("body *")].flatMap((element) => {
        if (element.closest(".scroll > *, pre, .skip, svg *") || !element.checkVisibility()) return [];
        const box = element.getBoundingClientRect();
        return box.right > wide + 0.5 || box.left < -0.5 ? [`${element.tagName} ${element.className} ${box.left} ${box.right}`] : [];
      });
    },
  };
})();
