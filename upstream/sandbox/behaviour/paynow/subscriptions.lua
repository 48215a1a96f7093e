-- Changes of a subscription.

local function changed_line(call, line)
  local product = check(product_of(call, line), 404, "not-found", "the product was not found", "lines.product_id")
  local cost = billed(product.price)
  return {
    id = flake(), is_deleted = false, tax_inclusive = true, price = product.price, amount = cost,
    presentment_amount = cost, prorated_amount = 0, prorated_presentment_amount = 0, remaining_minutes = 20000,
    total_minutes = 43200,
    product = {id = product.id, version_id = product.version_id, name = product.name, image_url = product.image_url,
      selected_gameserver_id = line.selected_gameserver_id, custom_variables = {}}}
end

local function subscription_line(call, line)
  return {
    id = flake(), store_id = store_of(call), subscription_id = call.subscription.id, product_id = line.product.id,
    product_version_id = line.product.version_id, product_name = line.product.name, currency = "usd",
    price = line.price, subtotal_amount = line.price, total_amount = line.price}
end

function change_subscription(call)
  local subscription, body = call.subscription, call.body
  check(subscription.status == "active", 409, "conflict", "the subscription is not active")
  check(not subscription.pending_change, 409, "conflict", "a change is pending already")
  check(#body.lines > 0, 400, "bad-request", "a subscription needs a line", "lines")
  local lines = map(body.lines, function(line) return changed_line(call, line) end)
  local total = sum(lines, "price")
  local later = body.proration_behavior == "next_billing_period"
  local change = create("SubscriptionChangeDto", {
    subscription_id = subscription.id, status = later and "pending_renewal" or "applied",
    proration_behavior = body.proration_behavior,
    prorated_amount = {currency = "usd", prorated_amount = 0, presentment_currency = "usd", presentment_prorated_amount = 0},
    applied_at = not later and now() or nil, lines = lines, next_billing_amount = billed(total),
    next_billing_presentment_amount = billed(total)})
  if later then
    update(subscription, {pending_change = change})
  else
    update(subscription, {
      price = total, subtotal_amount = total, total_amount = total, next_billing_amount = billed(total),
      next_billing_presentment_amount = billed(total),
      lines = map(lines, function(line) return subscription_line(call, line) end)})
  end
  return change
end

function cancel_subscription(subscription, reason)
  update(subscription, {status = "canceled", canceled_at = now(), cancel_reason = reason, next_attempt_at = null})
  notify("ON_SUBSCRIPTION_CANCELED", subscription)
end
