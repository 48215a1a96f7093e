// What is generated from openapi.json: types, a client on fetch, and schemas that look at requests and replies.
export default {
  input: "openapi.json",
  output: "gen",
  plugins: [
    "@hey-api/client-fetch",
    "@hey-api/typescript",
    { name: "zod", dates: { offset: true } },
    { name: "@hey-api/sdk", validator: true },
  ],
};
