// Works through the inbox page in headless Chromium, by the keyboard alone: the page of a recipient and the page of a sender, each
// from an origin of its own. Prints what they showed, and leaves pictures in a folder.
import "../webcrypto.mjs";
import { createServer } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { start } from "../browser/chromium.mjs";

// Whatever happens, this ends.
setTimeout(() => {
  console.error("two minutes were not enough");
  process.exit(2);
}, 120_000).unref();

const { issuer, resource, folder, pictures, recipient, sender } = JSON.parse(await text(process.stdin));
const here = import.meta.dirname;
const { outputFiles } = await build({
  entryPoints: [join(here, "page.jsx")],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  minify: true,
  define: { "process.env.NODE_ENV": '"production"' },
});
const script = outputFiles[0].text;
const html = readFileSync(join(here, "page.html"));

async function token({ client_id, secret, scope }) {
  const basic = Buffer.from(`${client_id}:${secret}`).toString("base64");
  const answer = await fetch(`${issuer}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: "client_credentials", scope, resource }).toString(),
  });
  const { access_token } = await answer.json();
  return access_token;
}

// The page's own server: it has the secret, and gives the page a token.
async function serves(desk) {
  const session = JSON.stringify({ resource, token: await token(desk) });
  const kinds = {
    "/": ["text/html", html],
    "/page.js": ["text/javascript", script],
    "/session": ["application/json", session],
  };
  const { hostname, port } = new URL(desk.origin);
  const server = createServer(({ url }, answer) => {
    const [kind, body] = kinds[url] ?? ["text/plain", ""];
    answer.setHeader("content-type", kind).end(body);
  });
  await once(server.listen(Number(port), hostname), "listening");
  return server;
}

// A person at a page who has a keyboard and nothing else.
function person(page) {
  const focused = () =>
    page(() => {
      const at = document.activeElement;
      return at === document.body ? null : (at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent).trim();
    });
  // Goes on until something of this name has the focus.
  const reaches = async (name) => {
    for (let steps = 0; steps < 120; steps += 1) {
      if ((await focused())?.startsWith(name)) return;
      await page.presses("Tab");
    }
    throw new Error(`the keyboard does not reach "${name}"`);
  };
  const sees = async (is, ...given) => {
    for (let tries = 0; tries < 200; tries += 1) {
      const seen = await page(is, ...given);
      if (seen) return seen;
      await new Promise((next) => setTimeout(next, 50));
    }
    throw new Error(`never seen: ${is}, on a page that says ${await page(() => document.body.innerText)}`);
  };
  return {
    sees,
    reaches,
    presses: async (name) => {
      await sees((name) => [...document.querySelectorAll("button")].some((one) => one.textContent.startsWith(name) && !one.disabled), name);
      await reaches(name);
      await page.presses("Enter");
    },
    types: async (name, words) => {
      await reaches(name);
      await page.types(words);
    },
    chooses: async (name, steps) => {
      await reaches(name);
      for (let step = 0; step < steps; step += 1) await page.presses("ArrowDown");
    },
    // Waits until what is opened stands there, and says which buttons it has.
    stands: (status) =>
      sees((status) => {
        const shown = document.querySelector("#status")?.textContent;
        if (!shown?.startsWith(status)) return null;
        const buttons = [...document.querySelectorAll(".action button")].map((one) => one.textContent);
        return `${shown}: ${buttons.join(", ") || "nothing"}`;
      }, status),
    count: () => sees(() => document.querySelector("output").textContent),
  };
}

const servers = [await serves(recipient), await serves(sender)];
const browser = await start(folder);
const told = { recipient: [], sender: [] };
try {
  const [atRecipient, atSender] = await Promise.all([recipient.origin, sender.origin].map((origin) => browser.open(`${origin}/`)));
  const picture = (page, name) => page.pictured(join(pictures, `${name}.png`));

  // The sender drafts, is refused what says nothing, edits and sends.
  const writes = person(atSender);
  await writes.presses("outbox");
  await writes.presses("draft");
  const alert = await writes.sees(() => document.querySelector("[role=alert]")?.dataset.code);
  await picture(atSender, "refused");
  await writes.types("what is asked", "a room for two");
  await writes.chooses("need", 1);
  await writes.presses("draft");
  told.sender.push(alert, await writes.stands("DRAFT"));
  await writes.types("say instead", "a room for three");
  await writes.chooses("need", 1);
  await writes.presses("save");
  await writes.sees(() => document.querySelector("blockquote")?.textContent === "a room for three");
  await picture(atSender, "draft");
  await writes.presses("send");
  told.sender.push(await writes.stands("REQUESTED"));

  // The recipient filters, opens it and works on it.
  const works = person(atRecipient);
  told.all = Number(await works.count());
  await works.chooses("status", 2);
  await works.sees(() => [...document.querySelectorAll("li b")].every((one) => one.textContent === "REQUESTED"));
  await works.sees((all) => Number(document.querySelector("output").textContent) < all, told.all);
  await works.presses("REQUESTED");
  told.recipient.push(await works.stands("REQUESTED"));
  told.read = await works.sees(() => document.querySelector("blockquote")?.textContent);
  await picture(atRecipient, "opened");
  const steps = [["accept", "ACCEPTED"], ["start", "IN_PROGRESS"], ["hold", "ON_HOLD"], ["resume", "IN_PROGRESS"], ["complete", "COMPLETED"]];
  for (const [button, status] of steps) {
    await works.presses(button);
    told.recipient.push(await works.stands(status));
    if (button === "hold") await picture(atRecipient, "held");
  }
  await picture(atRecipient, "completed");

  // Another one is drafted, sent and called off.
  await writes.types("what is asked", "a bed for tonight");
  await writes.chooses("need", 1);
  await writes.presses("draft");
  told.sender.push(await writes.stands("DRAFT"));
  await writes.presses("send");
  await writes.stands("REQUESTED");
  await writes.presses("cancel");
  told.sender.push(await writes.stands("CANCELLED"));
  await picture(atSender, "cancelled");
} finally {
  await browser.close();
  servers.forEach((server) => server.close());
}
console.log(JSON.stringify(told));
