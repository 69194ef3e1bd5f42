// No inline script: the page's Content-Security-Policy allows none.
const form = document.querySelector("form");
const button = form.querySelector("button");
const failure = document.getElementById("failure");
const success = document.getElementById("success");
const token = new URLSearchParams(location.search).get("token");

function tell(message, errors) {
  const elsewhere = [];
  for (const [name, faults] of Object.entries(errors)) {
    const input = form.elements.namedItem(name);
    if (input === null) {
      elsewhere.push(...faults);
    } else {
      input.setAttribute("aria-invalid", "true");
      document.getElementById(`${name}-error`).textContent = faults.join(" ");
    }
  }
  failure.textContent = [message, ...elsewhere].join(" ");
  form.querySelector("[aria-invalid]")?.focus();
}

function clear() {
  failure.textContent = "";
  for (const input of form.querySelectorAll("input")) {
    input.removeAttribute("aria-invalid");
    document.getElementById(`${input.name}-error`).textContent = "";
  }
}

async function post() {
  const answer = await fetch(form.dataset.operation, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...Object.fromEntries(new FormData(form)), token }),
  });
  if (answer.ok) {
    form.hidden = true;
    success.textContent = success.dataset.words;
    return;
  }
  const { message, errors } = await answer.json();
  tell(message, errors);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clear();
  button.disabled = true;
  try {
    await post();
  } catch {
    tell("The service does not answer. Try again in a moment.", {});
  } finally {
    button.disabled = false;
  }
});

if (!token) {
  button.disabled = true;
  tell("This address is incomplete. Open the whole link from the mail.", {});
}
