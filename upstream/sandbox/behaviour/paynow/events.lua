-- Events: their bodies, who gets them, and what became of a delivery.

-- "ON_ORDER_COMPLETED" -> "OnOrderCompleted", as subscriptions spell it.
local function subscribed_name(type)
  return (type:lower():gsub("(%a)(%a*)_?", function(head, tail) return head:upper() .. tail end))
end

-- To those who subscribed to it. The body takes what it lacks from the records that it names.
function notify(type, body)
  local id = flake()
  local product = body.product_id or body.product and body.product.id
  local payload = {event_type = type, event_id = id, body = shown(type, merge({
    customer = body.customer_id and find("CustomerDto", {id = body.customer_id}),
    product = product and find("ProductDto", {id = product}),
    product_id = product, product_version_id = body.product and body.product.version_id}, body))}
  local name = subscribed_name(type)
  local targets = map(all("WebhookSubscriptionDto", {subscribed_to = name, type = "json_v1"}), function(hook)
    local queued = create("QueuedWebhookDto", {webhook_id = hook.id, event = name, payload = payload})
    return {url = hook.url, secret = hook.secret, queued = queued.id}
  end)
  emit{type = type, id = id, payload = payload, targets = targets}
end

-- What became of a delivery, into the history of its subscription.
function delivered(target)
  local queued = target.queued and find("QueuedWebhookDto", {id = target.queued})
  if not queued then return end
  local taken = target.status >= 200 and target.status < 300
  local executions = map(queued.executions, function(one) return one end)
  executions[#executions + 1] = {
    id = flake(), started_at = now(), finished_at = now(), status_code = target.status, response = ""}
  update(queued, {state = taken and "success" or "failed", executions = executions})
end

-- A user's word tells any of them, of the record that it is about.
local function told(type, collection)
  return {type, collection, function(record) notify(type, record) end}
end

events_of_paynow = {
  told("ON_ORDER_COMPLETED", "OrderDto"), told("ON_REFUND", "RefundDto"), told("ON_CHARGEBACK", "PaymentDto"),
  told("ON_CHARGEBACK_CLOSED", "PaymentDto"), told("ON_DELIVERY_ITEM_ADDED", "DeliveryItemDto"),
  told("ON_DELIVERY_ITEM_ACTIVATED", "DeliveryItemDto"), told("ON_DELIVERY_ITEM_USED", "DeliveryItemDto"),
  told("ON_DELIVERY_ITEM_REVOKED", "DeliveryItemDto"), told("ON_DELIVERY_ITEM_EXPIRED", "DeliveryItemDto"),
  told("ON_DELIVERY_ITEM_RENEWED", "DeliveryItemDto"), told("ON_SUBSCRIPTION_ACTIVATED", "SubscriptionDto"),
  told("ON_SUBSCRIPTION_RENEWED", "SubscriptionDto"), told("ON_SUBSCRIPTION_CANCELED", "SubscriptionDto"),
  told("ON_TRIAL_ACTIVATED", "TrialDto"), told("ON_TRIAL_COMPLETED", "TrialDto"), told("ON_TRIAL_CANCELED", "TrialDto"),
  told("ON_DISCORD_ACCOUNT_LINKED_TO_CHECKOUT", "DeliveryItemDto")}
