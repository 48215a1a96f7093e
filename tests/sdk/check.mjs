// Calls the sandbox with an SDK: each operation of the contract once, on a fresh sandbox, with arguments made from the
// contract; then the common jobs, as a user would write them. Run by sdk-check.sh.
//
//   node check.mjs PROGRAM CONTRACTS SDK
//
// SDK is paynow_sdk.mjs or what tsc makes of generated_sdk.ts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [program, contracts, sdkFile] = process.argv.slice(2);
const sdk = await import(pathToFileURL(sdkFile));
const read = (name) => JSON.parse(readFileSync(`${contracts}/${name}`, "utf8"));
const contract = read("paynow.json");
const given = read("paynow.arguments.json");
const key = "pnapi_v1_sandbox";
// Starts a sandbox, gives `use` a client of it, and checks that it ends as it should.
async function withSandbox(use) {
  const child = spawn(program, ["--provider", "paynow", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  try {
    const [line] = await once(createInterface(child.stdout), "line");
    const baseURL = line.slice(line.indexOf("http://"));
    await use(sdk.connect(given.path.storeId, key, baseURL));
  } finally {
    child.kill("SIGTERM");
    const [code] = await ended;
    assert.equal(code, 0, "the sandbox ends with 0");
  }
}

// A value of a type of the contract, every field filled.
function example(type, name) {
  if (type.array) return [example(type.array, name)];
  if (type.map) return { key: example(type.map, name) };
  if (type.ref) return exampleOf(contract.schemas[type.ref], name);
  switch (type.type) {
    case "integer": return 7;
    case "number": return 0.5;
    case "boolean": return true;
    case "string": return type.format === "date-time" ? "2026-01-02T03:04:05Z" : `${name}-text`;
    default: return null;
  }
}

function exampleOf(schema, name) {
  if (schema.enum) return schema.enum.at(-1);
  if (schema.format) return { "flake-id": "411486491630370999", "steam-id": "76561198000000099", period: "P1D" }[schema.format];
  const fields = Object.entries(schema.fields);
  return Object.fromEntries(fields.map(([field, type]) => [field, given.members[field] ?? example(type, field)]));
}

// Whether `value` is what the contract says of `type`: enough to tell one schema from another.
function conforms(type, value) {
  if (type.array) return Array.isArray(value) && value.every((element) => conforms(type.array, element));
  if (type.map) return Object.values(value).every((element) => conforms(type.map, element));
  if (!type.ref) return type.type === "any" || typeof value === { integer: "number" }[type.type] || typeof value === type.type;
  const schema = contract.schemas[type.ref];
  if (!schema.fields) return typeof value === "string";
  return Object.entries(schema.fields).every(([name, field]) => {
    const member = value[name];
    if (member === undefined) return !field.required;
    return member === null ? Boolean(field.nullable) : conforms(field, member);
  });
}

const lowerFirst = (text) => text[0].toLowerCase() + text.slice(1);
const functionOf = (management, { tag, rpc }) => management[lowerFirst(tag)]?.[lowerFirst(rpc)];

async function callOperation(operation) {
  const special = given.operations[operation.id] ?? {};
  const config = { path: { ...given.path, ...special.path }, params: special.query };
  if (operation.body) config.data = example(operation.body, "body");
  await withSandbox(async (management) => {
    const reply = await functionOf(management, operation)(config);
    assert.equal(reply.status, operation.status);
    if (operation.reply && operation.status !== 204) {
      assert.ok(conforms(operation.reply, reply.data), `reply: ${JSON.stringify(reply.data)}`);
    } else {
      assert.equal(reply.data, "");
    }
  });
}

async function refused(status, call) {
  const error = await call().then(() => assert.fail("was not refused"), (reason) => reason);
  assert.equal(error.response?.status, status, error.message);
  assert.ok(sdk.isPayNowError(error), "has the error's declared form");
}

const jobs = {
  async "sell"(management) {
    const { data: checkout } = await management.checkout.createCheckoutSession({
      data: {
        customer_id: given.path.customerId,
        lines: [{ product_id: given.path.productId, quantity: 2 }],
        promo_codes: ["WELCOME10"],
      },
    });
    assert.match(checkout.url, /^https?:/);
    const { data: orders } = await management.orders.getOrders({ params: { checkout_id: checkout.id } });
    assert.equal(orders.length, 1);
    assert.equal(orders[0].status, "created");
    assert.equal(orders[0].total_amount, 2000);
  },

  async "refund, once"(management) {
    const path = { orderId: given.path.orderId };
    const { data: refund } = await management.orders.refundOrder({ path, data: {} });
    assert.equal(refund.payment_id, given.path.paymentId);
    assert.equal((await management.orders.getOrderById({ path })).data.status, "refunded");
    await refused(409, () => management.orders.refundOrder({ path, data: {} }));
  },

  async "cancel a subscription, once"(management) {
    const path = { subscriptionId: given.path.subscriptionId };
    assert.equal((await management.subscriptions.cancelSubscription({ path })).status, 204);
    await refused(409, () => management.subscriptions.cancelSubscription({ path }));
  },

  async "page through orders of two statuses"(management) {
    const seen = [];
    let page;
    do {
      const params = { limit: 5, asc: true, status: ["completed", "created"], after: seen.at(-1) };
      page = (await management.orders.getOrders({ params })).data;
      seen.push(...page.map((order) => order.id));
    } while (page.length === 5);
    assert.ok(seen.length > 10);
    assert.equal(new Set(seen).size, seen.length);
  },

  async "keep a product"(management) {
    const { data: product } = await management.products.createProduct({ data: { name: "Crate", price: 300 } });
    const path = { productId: product.id };
    const { data: changed } = await management.products.updateProduct({ path, data: { price: 350 } });
    assert.deepEqual([changed.name, changed.price], ["Crate", 350]);
    await management.products.deleteProduct({ path });
    await refused(404, () => management.products.getProduct({ path }));
  },

  async "be told what is wrong"(management) {
    await refused(400, () => management.checkout.createCheckoutSession({ data: { customer_id: given.path.customerId, lines: [] } }));
  },
};

const failures = [];
async function attempt(name, run) {
  try {
    await run();
  } catch (error) {
    const answer = error.response ? `: HTTP ${error.response.status} ${JSON.stringify(error.response.data)}` : "";
    failures.push(`${name}: ${error.message}${answer}`);
  }
}

// The SDK may be older than the contract.
const known = sdk.connect(given.path.storeId, key, "http://127.0.0.1");
const called = contract.operations.filter((operation) => functionOf(known, operation));
for (const operation of called) await attempt(operation.id, () => callOperation(operation));
for (const [name, job] of Object.entries(jobs)) await attempt(name, () => withSandbox(job));

for (const failure of failures) console.error(failure);
for (const { id } of contract.operations.filter((one) => !called.includes(one))) console.log(`not in the SDK: ${id}`);
console.log(`sdk-check: ${called.length} operations and ${Object.keys(jobs).length} jobs, ${failures.length} failed`);
process.exitCode = failures.length === 0 && called.length > 0 ? 0 : 1;
