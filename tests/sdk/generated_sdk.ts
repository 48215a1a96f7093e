// The client that @hey-api/openapi-ts generates, as check.mjs calls it: by tag and name, like PayNow's own SDK.
//
// The generated code looks at each request and each successful reply with the schemas that it generates too, and throws where
// one does not have its declared type.
import { createClient, createConfig } from "./gen/client";
import * as operations from "./gen/sdk.gen";
import * as schemas from "./gen/zod.gen";

interface Call {
  path?: Record<string, string>;
  params?: Record<string, unknown>;
  data?: unknown;
}
interface Reply {
  status: number;
  data: unknown;
}
type Operation = (call: Call) => Promise<Reply>;
type Generated = (options: object) => Promise<{ data?: unknown; error?: unknown; response?: Response }>;

export class Refused extends Error {
  constructor(readonly response: Reply) {
    super(`refused with ${response.status}`);
  }
}

export function isPayNowError(error: unknown): boolean {
  return error instanceof Refused && schemas.zPayNowError.safeParse(error.response.data).success;
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

// The parameters that the path of an operation has, of all that there are.
function pathOf(name: string, all: Record<string, string>) {
  const schema = (schemas as unknown as Record<string, { shape: object } | undefined>)[`z${upperFirst(name)}Path`];
  return schema && Object.fromEntries(Object.keys(schema.shape).map((parameter) => [parameter, all[parameter]]));
}

// The generator spells abbreviations its own way: attemptByAttemptIds.
const generatedNames = new Map(Object.keys(operations).map((name) => [name.toLowerCase(), name]));

// management.orders.refundOrder is the generated ordersRefundOrder.
export function connect(storeId: string, key: string, baseUrl: string) {
  const client = createClient(createConfig({ baseUrl, headers: { authorization: `APIKey ${key}` } }));

  const operation = (name: string, generated: Generated): Operation => async ({ path, params, data: body }) => {
    const { data, error, response } = await generated({ client, path: pathOf(name, { storeId, ...path }), query: params, body });
    if (response && !response.ok) throw new Refused({ status: response.status, data: error });
    if (!response || error) throw error;
    const empty = response.status === 204 || response.headers.get("content-length") === "0";
    return { status: response.status, data: empty ? "" : data };
  };

  const operationOf = (tag: string, rpc: string) => {
    const found = generatedNames.get((tag + rpc).toLowerCase());
    return found && operation(found, (operations as unknown as Record<string, Generated>)[found]!);
  };
  return new Proxy({} as Record<string, Record<string, Operation | undefined>>, {
    get: (_, tag: string) => new Proxy({}, { get: (__, rpc: string) => operationOf(tag, rpc) }),
  });
}
