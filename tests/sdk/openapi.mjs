// Writes the contract as OpenAPI, which generators of clients read. The ids of operations are those of the contract.
//
//   node openapi.mjs CONTRACT [SPEC]
//
// CONTRACT is upstream/sandbox/contracts/paynow.json. With SPEC, the file that the upstream publishes, its types are kept, and
// of its operations those that the contract has too.
import { readFileSync } from "node:fs";

const [contractFile, specFile] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(name, "utf8"));
const contract = read(contractFile);
const reference = (schema) => ({ $ref: `#/components/schemas/${schema}` });
const orNull = (type) => ({ anyOf: [type, { type: "null" }] });

// Bounds are left out: the examples are not made to fit them, and the sandbox looks at them. So is the width of an integer: the
// generator takes int64 for a BigInt.
function typeOf({ ref, array, map, type, format }) {
  if (ref) return reference(ref);
  if (array) return { type: "array", items: typeOf(array) };
  if (map) return { type: "object", additionalProperties: typeOf(map) };
  if (type === "any") return {};
  return format === "date-time" ? { type, format } : { type };
}

function schemaOf({ type, fields, closed, enum: texts }) {
  if (!fields) return texts ? { type, enum: texts } : { type };
  const properties = Object.entries(fields).map(([name, field]) => {
    // The upstream's form cannot mark a reference as nullable.
    const nullable = field.nullable || field.null_when_unset || (field.ref && !field.required);
    return [name, nullable ? orNull(typeOf(field)) : typeOf(field)];
  });
  return {
    type,
    properties: Object.fromEntries(properties),
    required: Object.keys(fields).filter((name) => fields[name].required),
    additionalProperties: !closed,
  };
}

// In a path or a query a number is text, of any size.
const parameterOf = (place) => (one) => ({
  name: one.name,
  in: place,
  required: place === "path" || Boolean(one.required),
  schema: one.format === "int64" ? one : typeOf(one),
});

const content = (type) => ({ "application/json": { schema: typeOf(type) } });

function operationOf({ id, path_params: path, query = [], body, status, reply }) {
  return {
    operationId: id,
    parameters: [...path.map(parameterOf("path")), ...query.map(parameterOf("query"))],
    ...(body && { requestBody: { content: content(body) } }), // may it be absent? the contract does not say
    responses: {
      [status]: { description: "success", ...(reply && status !== 204 && { content: content(reply) }) },
      default: { description: "error", content: content({ ref: "PayNowError" }) },
    },
  };
}

function ofContract() {
  const paths = {};
  for (const operation of contract.operations) {
    (paths[operation.path] ??= {})[operation.verb.toLowerCase()] = operationOf(operation);
  }
  const schemas = Object.entries(contract.schemas).map(([name, schema]) => [name, schemaOf(schema)]);
  return {
    openapi: "3.1.0",
    info: { title: contract.api, version: contract.version },
    paths,
    components: { schemas: Object.fromEntries(schemas) },
  };
}

// The same of the upstream's file: references that may be null, and no widths but in parameters.
function amended(value, optional = false) {
  if (Array.isArray(value)) return value.map((one) => amended(one));
  if (value === null || typeof value !== "object" || value.in) return value;
  if (value.$ref) return optional ? orNull(value) : value;
  const { required = [], format, ...rest } = value;
  const members = Object.entries(rest).map(([name, member]) => {
    if (name !== "properties") return [name, amended(member)];
    const fields = Object.entries(member).map(([field, type]) => [field, amended(type, !required.includes(field))]);
    return [name, Object.fromEntries(fields)];
  });
  if ("required" in value) members.push(["required", value.required]);
  if (format === "date-time") members.push(["format", format]);
  return Object.fromEntries(members);
}

function ofSpec(spec) {
  const paths = {};
  for (const { id, verb, path } of contract.operations) {
    const operation = spec.paths[path]?.[verb.toLowerCase()];
    if (operation) (paths[path] ??= {})[verb.toLowerCase()] = { ...amended(operation), operationId: id };
  }
  return { ...spec, paths, components: { schemas: amended(spec.components.schemas) } };
}

console.log(JSON.stringify(specFile ? ofSpec(read(specFile)) : ofContract(), null, 1));
