// Finds operations and schemas, and opens the schema a link leads to. Without
// it the page shows all the same.
const field = document.getElementById("find");
const items = [...document.querySelectorAll("[data-find]")].map((node) => [node, node.dataset.find.toLowerCase()]);
field.closest("label").hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const [node, text] of items) {
    node.hidden = !words.every((word) => text.includes(word));
    if (!node.hidden && node.tagName === "ARTICLE") found++;
  }
  for (const heading of document.querySelectorAll(".list h2")) {
    heading.hidden = [...heading.nextElementSibling.children].every((item) => item.hidden);
  }
  document.getElementById("found").textContent = words.length ? `${found} operations` : "";
});
function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", open);
open();
