-- PayNow: what its contract does not say, put together from the files beside this one.

return {
  authorization = {"APIKey"},
  api_key = "pnapi_v1_sandbox",
  root = {path = "/v1/", text = "PayNow API"},
  signature = {header = "PayNow-Signature", timestamp = "PayNow-Timestamp", unit = "ms", separator = ".", encoding = "base64"},
  -- Documented as an exponential back-off, without numbers.
  retries = {pauses = {5, 25, 125, 625, 3125}},
  checkout = checkout_of,
  jobs = {renew = renew, end_trial = end_trial, expire_item = expire_item, fail_refund = fail_refund},
  events = events_of_paynow,
  delivered = delivered,
  title = function()
    local store = find("StoreDto")
    return store and store.name or "Store"
  end,
  sections = sections,
  magic = array{{value = tostring(magic_refund), text = "A refund of this amount fails after ten seconds"}},

  error = function(refusal)
    local errors = map(refusal.violations, function(one)
      return {code = "invalid-" .. one.code, message = one.message, path = one.path, validation = one.code}
    end)
    return {status = refusal.status, code = refusal.code, message = refusal.message, trace_id = refusal.trace_id,
      errors = #errors > 0 and errors or nil}
  end,

  params = records.params,
  defaults = records.defaults,
  hidden = records.hidden,
  touched = records.touched,
  collections = records.collections,
  references = records.references,
  mirrors = records.mirrors,
  fill = records.fill,
  operations = operations,
}
