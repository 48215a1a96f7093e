// What a shop asks of the gateway, in TypeScript.
//
//   GATEWAY=127.0.0.1:50051 node dist/src/shop.js
import { readFileSync } from "node:fs";
import { createServer, IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { credentials, Metadata, ServiceError, status } from "@grpc/grpc-js";

import { ParseEventResponse, WebhookServiceClient } from "../gen/gateway/webhooks/v1/webhooks";
import { BadRequest, ErrorInfo } from "../gen/google/rpc/error_details";
import { Status } from "../gen/google/rpc/status";
import { CheckoutServiceClient, CreateCheckoutSessionResponseDto } from "../gen/paynow/management/v1/checkout";
import { GetOrdersRequest, OrderDto, OrdersServiceClient } from "../gen/paynow/management/v1/orders";
import { RefundDto } from "../gen/paynow/management/v1/types";

const order = "411486491630370850";
const { GATEWAY = "127.0.0.1:50051", WEBHOOK_PORT = "8090" } = process.env;
const day = process.env.DAY ?? new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const serviceConfig = readFileSync(process.env.SERVICE_CONFIG ?? "docs/clients/service-config.json", "utf8");

const options = { "grpc.service_config": serviceConfig }; // retries for reads alone
const checkout = new CheckoutServiceClient(GATEWAY, credentials.createInsecure(), options);
const orders = new OrdersServiceClient(GATEWAY, credentials.createInsecure(), options);
const webhooks = new WebhookServiceClient(GATEWAY, credentials.createInsecure(), options);

const deadline = (seconds: number) => ({ deadline: Date.now() + 1000 * seconds });

const withKey = (key: string): Metadata => {
  const metadata = new Metadata();
  metadata.set("idempotency-key", key);
  return metadata;
};

// A call as a promise.
const call = <T>(begin: (done: (error: ServiceError | null, reply: T) => void) => unknown): Promise<T> =>
  new Promise((resolve, reject) => begin((error, reply) => (error ? reject(error) : resolve(reply))));

function details(error: ServiceError): { info?: ErrorInfo; request?: BadRequest } {
  const found: { info?: ErrorInfo; request?: BadRequest } = {};
  const bytes = error.metadata?.get("grpc-status-details-bin")[0];
  if (!Buffer.isBuffer(bytes)) return found;
  for (const detail of Status.decode(bytes).details ?? []) {
    if (detail.typeUrl?.endsWith("google.rpc.ErrorInfo")) found.info = ErrorInfo.decode(detail.value!);
    if (detail.typeUrl?.endsWith("google.rpc.BadRequest")) found.request = BadRequest.decode(detail.value!);
  }
  return found;
}

// not_sent, refused or unknown: what happened to the money.
const outcome = (error: ServiceError) => details(error).info?.metadata?.outcome ?? "unknown";

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && "code" in error && "metadata" in error;

function checkOut(cart: string): Promise<CreateCheckoutSessionResponseDto> {
  const request = {
    body: {
      customerId: "411486491630370817",
      lines: [{ productId: "411486491630370818", quantity: 2 }],
      returnUrl: "https://shop.example/thanks",
      metadata: { cart },
    },
  };
  return call((done) => checkout.createCheckoutSession(request, withKey(`checkout-${cart}`), deadline(10), done));
}

// All orders of a day, oldest first. Keep the last cursor, and tomorrow begins behind it.
async function* ordersOf(wanted: string): AsyncGenerator<OrderDto> {
  const request: Partial<GetOrdersRequest> = {};
  for (;;) {
    const stream = orders.streamOrders(request as GetOrdersRequest);
    try {
      for await (const { item, cursor } of stream) {
        request.after = cursor;
        const created = item?.createdAt?.toISOString().slice(0, 10) ?? "";
        if (created > wanted) return;
        if (created === wanted) yield item;
      }
      return;
    } catch (error) {
      if (!isServiceError(error) || error.code !== status.UNAVAILABLE) throw error;
      await sleep(1000); // and go on behind the last item that came
    } finally {
      stream.cancel();
    }
  }
}

// Repeats the refund, with its key, until the gateway knows what became of it.
async function refund(key: string): Promise<RefundDto> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call((done) =>
        orders.refundOrder({ orderId: order, body: {} }, withKey(key), deadline(30), done));
    } catch (error) {
      if (!isServiceError(error)) throw error;
      console.log(`refund, attempt ${attempt}: ${status[error.code]}, outcome ${outcome(error)}`);
      // The ledger makes a repetition with the same key safe. Refused is final.
      if (outcome(error) === "refused" || attempt === 5) throw error;
      await sleep(200 * 2 ** attempt);
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// Hands each webhook to the gateway, byte by byte as it came, and acts on what is genuine.
function receive(act: (event: ParseEventResponse) => void) {
  return createServer(async (request, response) => {
    try {
      const headers = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        headers.push({ name: request.rawHeaders[i], value: request.rawHeaders[i + 1] });
      }
      const delivery = { provider: "paynow", headers, body: await bodyOf(request) };
      act(await call<ParseEventResponse>((done) => webhooks.parseEvent(delivery, new Metadata(), deadline(5), done)));
      response.writeHead(204).end(); // in earnest: after the transaction with what is done
    } catch {
      response.writeHead(503).end(); // a genuine one comes again
    }
  }).listen(Number(WEBHOOK_PORT), "127.0.0.1");
}

async function showErrors() {
  await call((done) => checkout.createCheckoutSession({}, new Metadata(), deadline(10), done)).catch((error) => {
    for (const violation of details(error).request?.fieldViolations ?? []) {
      console.log("violation:", violation.field, violation.description);
    }
  });
  await call((done) =>
    orders.refundOrder({ orderId: order, body: {} }, new Metadata(), deadline(10), done),
  ).catch((error) => console.log("a second refund:", status[error.code], outcome(error)));
}

async function main() {
  let server: ReturnType<typeof receive> | undefined;
  const event = new Promise<ParseEventResponse>((resolve) => (server = receive(resolve)));

  console.log("checkout:", (await checkOut("c-1")).url);

  let count = 0;
  for await (const _ of ordersOf(day)) count++;
  console.log(`orders of ${day}: ${count}`);

  console.log("refund:", (await refund(`refund-${order}`)).id);
  await showErrors();

  console.log("webhook:", (await Promise.race([event, sleep(30_000).then(() => Promise.reject("no webhook came"))])).type);
  server?.close();
  for (const client of [checkout, orders, webhooks]) client.close();
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
