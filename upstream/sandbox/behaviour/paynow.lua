-- What PayNow's contract does not say: which record an operation changes, and how.

local actor = {type = "api_key", id = "411486491630370900"}
local not_refundable = "order-not-refundable"

local function store_of(call) return call.path.storeId end

-- The first product of the store with this id or version, or nil.
local function product_of(call, line)
  return line.product_id and find("ProductDto", {store_id = store_of(call), id = line.product_id})
    or line.product_version_id and find("ProductDto", {store_id = store_of(call), version_id = line.product_version_id})
end

local function check_quantity(quantity, most, path)
  check(0 < quantity and quantity <= most, 400, "bad-request", "the quantity must be 1 to " .. most, path)
  return quantity
end

-- Discount type and amount go together, in the request as it was sent.
local function check_discount(call)
  check((call.body.discount_type == nil) == (call.sent.discount_amount == nil), 400, "bad-request",
    "discount_type and discount_amount go together", "discount_amount")
end

local function billed(total)
  return {currency = "usd", subtotal = total, discount = 0, tax = 0, total = total}
end

-- Events

-- "ON_ORDER_COMPLETED" -> "OnOrderCompleted", as subscriptions spell it.
local function subscribed_name(type)
  return (type:lower():gsub("(%a)(%a*)_?", function(head, tail) return head:upper() .. tail end))
end

-- To those who subscribed to it. The body takes what it lacks from the records that it names.
local function notify(type, body)
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

-- The collection whose records an event tells of, by the beginning of its type.
local told = {
  {"ON_ORDER", "OrderDto"}, {"ON_REFUND", "RefundDto"}, {"ON_CHARGEBACK", "PaymentDto"},
  {"ON_DELIVERY_ITEM", "DeliveryItemDto"}, {"ON_SUBSCRIPTION", "SubscriptionDto"}, {"ON_TRIAL", "TrialDto"},
  {"ON_DISCORD", "DeliveryItemDto"}}

-- Somebody's wish: this event, of this record or of the newest that there is.
local function tell(asked)
  for _, row in ipairs(told) do
    if asked.type:sub(1, #row[1]) == row[1] then
      local records = all(row[2], {id = asked.id})
      check(#records > 0, 404, "not-found", "there is no such record")
      notify(asked.type, records[#records])
      return {type = asked.type, id = records[#records].id}
    end
  end
  refuse(400, "bad-request", "there is no such event")
end

-- What became of a delivery, into the history of its subscription.
local function delivered(target)
  local queued = target.queued and find("QueuedWebhookDto", {id = target.queued})
  if not queued then return end
  local taken = target.status >= 200 and target.status < 300
  local executions = map(queued.executions, function(one) return one end)
  executions[#executions + 1] = {
    id = flake(), started_at = now(), finished_at = now(), status_code = target.status, response = ""}
  update(queued, {state = taken and "success" or "failed", executions = executions})
end

-- Checkout

local function check_promo_code(call, code)
  local store = store_of(call)
  check(find("CouponDto", {store_id = store, code = code, enabled = true})
    or find("GiftCardDto", {store_id = store, code = code, canceled_at = null})
    or find("AffiliateLinkDto", {store_id = store, code = code, enabled = true}),
    400, "bad-request", "the promo code is not valid", "promo_codes")
end

local function checkout_line(call, line)
  local product = line.product_id and find("ProductDto", {store_id = store_of(call), id = line.product_id})
  check(product or not line.product_id, 404, "not-found", "the product was not found", "lines.product_id")
  check(product or line.inline_product, 400, "bad-request", "a line needs a product_id or an inline_product",
    "lines.product_id")
  check_quantity(line.quantity or 0, 1000, "lines.quantity")
  local inline = line.inline_product or {}
  product = product or {}
  local price = first(product.price, inline.price, 0)
  local total = times(price, line.quantity)
  return {
    id = flake(), checkout_line_id = flake(),
    product_id = product.id or flake(), product_version_id = product.version_id or flake(),
    product_name = first(product.name, inline.name, "Inline product"), product_image_url = product.image_url,
    gift = (line.gift_to or line.gift_to_customer_id) ~= nil, gift_to_customer_id = line.gift_to_customer_id,
    price = price, quantity = line.quantity, discount_amount = 0, giftcard_usage_amount = 0, tax_amount = 0,
    subtotal_amount = total, total_amount = total,
    selected_gameserver_id = line.selected_gameserver_id, tax_inclusive = true, custom_variables = {}}
end

local function create_checkout(call)
  local body = call.body
  local customer = find("CustomerDto", {store_id = store_of(call), id = body.customer_id})
  check(customer, 404, "not-found", "the customer was not found", "customer_id")
  check(#body.lines > 0, 400, "bad-request", "a checkout needs a line", "lines")
  check(not body.auto_redirect or body.return_url, 400, "bad-request", "auto_redirect needs a return_url", "return_url")
  check(not body.coupon_id or find("CouponDto", {store_id = store_of(call), id = body.coupon_id}),
    404, "not-found", "the coupon was not found", "coupon_id")
  for _, code in ipairs(body.promo_codes or {}) do check_promo_code(call, code) end
  local lines = map(body.lines, function(line) return checkout_line(call, line) end)
  check(sum(lines, "total_amount") < 2 ^ 31, 400, "bad-request", "the total is too large", "lines")
  local secret = token()
  local checkout = create("CreateCheckoutSessionResponseDto",
    {token = secret, url = page_url(secret)}, nil, {request = body})
  local subscribes = body.subscription == true or contains(pluck(body.lines, "subscription"), true)
  create("OrderDto", {
    customer_id = customer.id, checkout_id = checkout.id, checkout_token = secret, status = "created",
    type = subscribes and "subscription_initial" or "one_time", is_subscription = subscribes,
    coupon_id = body.coupon_id, currency = "usd", lines = lines, completed_at = null})
  return checkout
end

-- Paying

local month = 30 * 24 * 3600

local function pay_order(order, method_status)
  local method = find("PaymentMethodDto")
  return create("PaymentDto", {
    order_id = order.id, customer_id = order.customer_id, gateway = "stripe", gateway_id = "acct_sandbox",
    gateway_entity_identifier = "pi_" .. token(), method = merge(method, {customer_id = order.customer_id}),
    method_id = method and method.id, status = method_status, currency = order.currency, amount = order.total_amount,
    store_net_amount = order.total_amount, fx_rate = 1.0, chargeback_status = "none",
    completed_at = method_status == "completed" and now() or nil})
end

local function deliver(order)
  for _, line in ipairs(order.lines) do
    for unit = 0, math.min(line.quantity, 20) - 1 do
      local item = create("DeliveryItemDto", {
        customer_id = line.gift_to_customer_id or order.customer_id, order_customer_id = order.customer_id,
        order_id = order.id, quantity_index = unit, product = {id = line.product_id, version_id = line.product_version_id}})
      notify("ON_DELIVERY_ITEM_ADDED", item)
      notify("ON_DELIVERY_ITEM_ACTIVATED", item)
    end
  end
end

local function subscribe(order)
  local id, line = flake(), order.lines[1]
  local subscription = create("SubscriptionDto", {
    id = id, status = "active", currency = order.currency, price = order.total_amount, subtotal_amount = order.total_amount,
    total_amount = order.total_amount, discount_amount = 0, tax_amount = 0, interval_value = 1, interval_scale = "month",
    coupon_ids = array{}, tax_jurisdictions = array{}, checkout_id = order.checkout_id, billing_email = order.billing_email,
    billing_cycle_sequence = 1, active_at = now(), next_billing_amount = billed(order.total_amount),
    next_billing_presentment_amount = billed(order.total_amount), product_id = line.product_id,
    product_version_id = line.product_version_id, product_name = line.product_name, fx_rate = "1.0", gift = false,
    initial_giftcard_usage_amount = 0, current_period_start = now(), current_period_end = later(now(), month),
    lines = map(order.lines, function(one)
      return {id = flake(), store_id = order.store_id, subscription_id = id, product_id = one.product_id,
        product_version_id = one.product_version_id, product_name = one.product_name, currency = order.currency,
        price = one.price, subtotal_amount = one.subtotal_amount, total_amount = one.total_amount, tax_inclusive = true}
    end)}, nil, {customer_id = order.customer_id})
  notify("ON_SUBSCRIPTION_ACTIVATED", subscription)
  after(month, "renew", {id = id, at = epoch() + month})
end

local function complete(order)
  pay_order(order, "completed")
  update(order, {status = "completed", completed_at = now()})
  notify("ON_ORDER_COMPLETED", order)
  deliver(order)
  if order.is_subscription then subscribe(order) end
end

local function cancel_subscription(subscription)
  update(subscription,
    {status = "canceled", canceled_at = now(), cancel_reason = "canceled by API", next_attempt_at = null})
  notify("ON_SUBSCRIPTION_CANCELED", subscription)
end

-- A period later: another order, paid, unless a cancellation was put off until now.
local function renew(asked)
  local subscription = find("SubscriptionDto", {id = asked.id, status = "active"})
  if not subscription then return end
  if subscription.cancel_at_period_end == true then return cancel_subscription(subscription) end
  local sequence = subscription.billing_cycle_sequence + 1
  local order = create("OrderDto", {
    customer_id = subscription.customer_id, checkout_id = subscription.checkout_id, status = "completed",
    type = "subscription_renewal", is_subscription = true, subscription_id = subscription.id, currency = subscription.currency,
    billing_cycle_sequence = sequence, completed_at = now(),
    lines = map(subscription.lines, function(line) return merge(line, {quantity = 1, gift = false}) end)})
  pay_order(order, "completed")
  update(subscription, {billing_cycle_sequence = sequence, current_period_start = now(), current_period_end = later(now(), month)})
  notify("ON_SUBSCRIPTION_RENEWED", subscription)
  notify("ON_ORDER_COMPLETED", order)
  -- From the time that was due, not from now: a clock that is set forward by months brings each of them.
  after(asked.at + month - epoch(), "renew", {id = asked.id, at = asked.at + month})
end

local function checkout_of(secret)
  local order = find("OrderDto", {checkout_token = secret})
  local session = find("CreateCheckoutSessionResponseDto", {token = secret})
  if not order or not session then return nil end
  local customer = find("CustomerDto", {id = order.customer_id})
  local store = find("StoreDto", {id = order.store_id})
  return {
    title = store and store.name or "Store", customer = customer and customer.name or "a customer", currency = order.currency,
    lines = map(order.lines, function(line)
      return {name = line.product_name, quantity = line.quantity, amount = line.total_amount}
    end),
    total = order.total_amount, status = order.status == "created" and "open" or order.status,
    success = session.request.return_url, cancel = session.request.cancel_url or session.request.return_url,
    pay = function() complete(order) end,
    fail = function(reason) pay_order(order, "failed") end,
    expire = function() update(order, {status = "canceled"}) end}
end

-- Orders

local function refund_order(call)
  local order, line_id = call.order, call.body.order_line_id
  check(order.status == "completed", 409, not_refundable,
    "only a completed order that is not refunded can be refunded")
  local payment = check(find("PaymentDto", {order_id = order.id}), 409, not_refundable, "the order has no payment")
  local refunds = all("RefundDto", {payment_id = payment.id})
  local refunded = sum(refunds, "amount")
  local amount = order.total_amount - refunded
  if line_id then
    check(contains(pluck(order.lines, "id"), line_id), 404, "not-found", "the order has no such line", "order_line_id")
    check(not contains(pluck(refunds, "order_line_id"), line_id), 409, not_refundable,
      "the line is refunded already", "order_line_id")
    for _, line in ipairs(order.lines) do
      if line.id == line_id then amount = line.total_amount end
    end
  end
  local refund = create("RefundDto", call.sent, {
    payment_id = payment.id, customer_id = order.customer_id, currency = order.currency, amount = amount,
    store_net_amount = amount, store_refund_amount = amount, presentment_amount = amount,
    presentment_currency = order.currency})
  if refunded + amount >= order.total_amount then
    update(order, {status = "refunded"})
    update(payment, {status = "refunded", refunded_at = now()})
  end
  notify("ON_REFUND", merge(payment, refund, {order_id = order.id, billing_email = order.billing_email,
    approved_at = now(), pending_at = now()}))
  return refund
end

-- Delivery

local function assign(call, product, customer_id, assignment, expires_at)
  local items = array{}
  for unit = 0, check_quantity(assignment.quantity or 1, 20, "quantity") - 1 do
    items[#items + 1] = create("DeliveryItemDto", assignment, {
      customer_id = customer_id, quantity_index = unit, product = {id = product.id, version_id = product.version_id},
      expires_at = expires_at})
  end
  return items
end

local function assign_in_bulk(call)
  check(#call.body < 251, 400, "bad-request", "at most 250 assignments at a time")
  local items = array{}
  for _, assignment in ipairs(call.body) do
    local customer = find("CustomerDto", {store_id = store_of(call), id = assignment.customer_id})
    check(customer, 404, "not-found", "the customer was not found", "customer_id")
    local product = find("ProductDto", {store_id = store_of(call), version_id = assignment.product_version_id})
    check(product, 404, "not-found", "the product version was not found", "product_version_id")
    for _, item in ipairs(assign(call, product, customer.id, assignment, assignment.override_expires_at)) do
      items[#items + 1] = item
    end
  end
  return items
end

-- For an item whose commands wait: the filter of every list of delivery items.
local function active_only(value)
  if not value then return nil end
  return {id = pluck(all("CommandAttemptDto", {executed_at = null, unqueued_at = null}), "inventory_item_id")}
end

local function resend_commands(call)
  local body = call.body
  local where = {store_id = store_of(call), gameserver_id = call.path.gameServerId,
    inventory_item_id = body.inventory_item_id, customer_id = body.customer_id}
  if body.order_id or body.product_id or body.subscription_id then
    where.inventory_item_id = pluck(all("DeliveryItemDto",
      {order_id = body.order_id, ["product.id"] = body.product_id, subscription_id = body.subscription_id}), "id")
  end
  local attempts = all("CommandAttemptDto", where)
  for _, attempt in ipairs(attempts) do
    update(attempt, {rerun = true, queued_at = now(), executed_at = null, unqueued_at = null})
  end
  return {enqueued_commands_count = #attempts}
end

-- Subscriptions

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

local function change_subscription(call)
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

-- Small resources

local function options_of(call, id)
  return map(call.body.options, function(option, index)
    return merge(option, {store_id = store_of(call), custom_variable_id = id, sort_order = index})
  end)
end

local function marketing_commands(call)
  return {commands = map(call.body.commands, function(command)
    return merge(command, {id = flake(), store_id = store_of(call)})
  end)}
end

local function tag_of_link(call)
  local id = call.body.tag_id or call.navLink and call.navLink.tag_id
  local tag = check(find("TagDto", {store_id = store_of(call), id = id}), 404, "not-found", "the tag was not found", "tag_id")
  return {name = tag.name, tag_slug = tag.slug}
end

local function delivery_items_of(where)
  return {filters = {activeOnly = active_only},
    call = function(call) return (list("DeliveryItemDto", merge({store_id = store_of(call)}, where(call)))) end}
end

local function region_with_override(product_id)
  return function(region)
    local override = find("ProductPricingRegionOverrideDto", {product_id = product_id, region_id = region.id})
    return merge(region, override, {id = region.id})
  end
end

local function steam_or(self, name)
  return self.steam_id and {id = self.steam_id, name = self.name or "Player",
    avatar_url = "https://cdn.sandbox.invalid/steam/" .. self.steam_id .. ".png"} or nil
end

return {
  authorization = {"APIKey"},
  api_key = "pnapi_v1_sandbox",
  root = {path = "/v1/", text = "PayNow API"},
  signature = {header = "PayNow-Signature", timestamp = "PayNow-Timestamp", unit = "ms", separator = ".", encoding = "base64"},
  checkout = checkout_of,
  pay = pay,
  jobs = {settle = settle, renew = renew},
  tell = tell,
  delivered = delivered,

  error = function(refusal)
    local errors = map(refusal.violations, function(one)
      return {code = "invalid-" .. one.code, message = one.message, path = one.path, validation = one.code}
    end)
    return {status = refusal.status, code = refusal.code, message = refusal.message, trace_id = refusal.trace_id,
      errors = #errors > 0 and errors or nil}
  end,

  params = {
    storeId = {["in"] = "StoreDto"},
    affiliateLinkId = {["in"] = "AffiliateLinkDto"},
    banId = {["in"] = "BanDto"},
    couponId = {["in"] = "CouponDto"},
    customVariableId = {["in"] = "CustomVariableDto"},
    customerId = {["in"] = "CustomerDto"},
    deliveryItemId = {["in"] = "DeliveryItemDto"},
    discordServerId = {["in"] = "DiscordServerLinkDto", by = "server_id"},
    downloadableFileId = {["in"] = "ProductDownloadableFileDto"},
    gameServerId = {["in"] = "GameServerDto"},
    giftCardId = {["in"] = "GiftCardDto"},
    globalCommandId = {["in"] = "GlobalCommandDto"},
    inventoryItemId = {["in"] = "DeliveryItemDto"},
    memberId = {["in"] = "StoreMemberDto"},
    navLinkId = {["in"] = "NavLinkDto", by = "node_id"},
    orderId = {["in"] = "OrderDto"},
    paymentId = {["in"] = "PaymentDto"},
    paymentMethodTypeId = {["in"] = "PaymentMethodTypeDto"},
    productDependentMigrationId = {["in"] = "ProductDependentMigrationDto"},
    productId = {["in"] = "ProductDto"},
    productVersionId = {["in"] = "ProductDto", by = "version_id"},
    regionId = {["in"] = "ProductPricingRegionDto"},
    saleId = {["in"] = "SaleDto"},
    subscriptionId = {["in"] = "SubscriptionDto"},
    tagId = {["in"] = "TagDto"},
    tierGroupId = {["in"] = "TierGroupDto"},
    token = {["in"] = "DiscordServerLinkDto", by = "token"},
    trialEligibilityOverrideId = {["in"] = "TrialEligibilityOverrideDto"},
    trialId = {["in"] = "TrialDto"},
    webhookId = {["in"] = "WebhookSubscriptionDto"}},

  defaults = {
    added_at = now, added_by = actor, created_at = now, created_by = actor, enabled = true,
    pretty_id = function(new) return "pn-" .. new.id end,
    started_at = now, started_by = actor},
  hidden = {store_id = function() return current.store and current.store.id or "411486491630370816" end},
  touched = {updated_at = now, updated_by = actor},

  collections = {
    AffiliateLinkDto = {unique = {"code"}},
    CommandAttemptDto = {defaults = {
      customer_id = null, executed_at = null, executed_by_ip = null, online_only = false, queued_at = now, rerun = false,
      unqueued_at = null}},
    CouponDto = {unique = {"code"}},
    CustomVariableDto = {unique = {"identifier"}, defaults = {description = "", value_regex = null}},
    CustomerDto = {
      defaults = {metadata = {}},
      computed = {
        minecraft = function(self)
          return self.minecraft_uuid and {id = self.minecraft_uuid, name = self.name or "Player",
            avatar_url = "https://cdn.sandbox.invalid/minecraft/" .. self.minecraft_uuid .. ".png"} or nil
        end,
        profile = function(self)
          return {
            id = first(self.steam_id, self.minecraft_uuid, self.xbox_xuid, self.id),
            platform = self.steam_id and "steam" or self.minecraft_uuid and "minecraft_uuid"
              or self.xbox_xuid and "xbox_xuid" or "paynow",
            name = self.name or "Customer " .. self.id}
        end,
        steam = steam_or}},
    DataMigrationTaskDto = {defaults = {total_entities_migrated = 0}},
    DeliveryItemDto = {
      defaults = {active_at = now, custom_variables = {}, expirable = false, gift = false, removed_at = null,
        revoked_at = null, skip_commands = false, state = "active"},
      computed = {command_attempts = function(self) return all("CommandAttemptDto", {inventory_item_id = self.id}) end}},
    DiscordProfileDto = {defaults = {avatar_hash = "a_0123456789abcdef"}},
    DiscordServerLinkDto = {defaults = {token = token, server_id = null, server_name = null, linked_at = null}},
    GameServerConsoleDto = {defaults = {
      assigned_runner_id = "runner-1", connection_status = "connecting", last_heartbeat_at = null, password = null}},
    GameServerDto = {defaults = {
      linked_to = function()
        return {ip = "192.0.2.20", hostname = "game.sandbox.invalid", platform = "linux", version = "1.0.0", saved_at = now()}
      end,
      token = token, token_reset_at = null, updated_by = actor}},
    GiftCardDto = {unique = {"code"}, defaults = {
      canceled_at = null, starting_balance = function(new) return new.balance end}},
    NavLinkDto = {defaults = {node_id = flake}},
    OrderDto = {defaults = {
      applied_coupons = array{}, applied_giftcards = array{}, billing_cycle_sequence = 1, is_subscription = false,
      subtotal_amount = function(new) return sum(new.lines, "subtotal_amount") end,
      total_amount = function(new) return sum(new.lines, "total_amount") end}},
    PaymentDto = {computed = {refunds = function(self) return all("RefundDto", {payment_id = self.id}) end}},
    ProductDependentMigrationDto = {defaults = {completed_at = null, status = "created"}},
    ProductDto = {unique = {"slug"}, defaults = {
      allow_one_time_purchase = true, allow_subscription = false, commands = array{}, description = "",
      gameservers = array{}, image_url = null, label = null,
      name = function(new) return "Product " .. new.id end,
      price = 0, remove_after_enabled = false, remove_after_time_scale = "day", remove_after_time_value = 0,
      single_game_server_only = false,
      slug = function(new) return slug(new.name .. "-" .. new.id) end,
      sort_order = function() return count("ProductDto") end,
      stock_available = {store_available = 1000, customer_available = 100},
      store_stock_limit = {enabled = false, time_scale = "day", include_trials = false},
      customer_stock_limit = {enabled = false, time_scale = "day", include_trials = false},
      subscription_interval_scale = "month", subscription_interval_value = 1, tags = array{},
      trial = {enabled = false}, upselling = {enabled = false, recommendations = array{}}, version_id = flake}},
    ProductDownloadableFileDto = {defaults = {file_hash = null, file_size = null, is_uploaded = false}},
    QueuedWebhookDto = {defaults = {executions = array{}, next_retry = null, state = "pending"}},
    RefundDto = {defaults = {
      currency = "usd", failure_reason = null, gateway_fee_amount = 0, platform_fee_amount = 0,
      refund_from_connected_user_balance = false, status = "completed", tax_amount = 0, completed_at = now}},
    SubscriptionChangeDto = {defaults = {applied_at = null, off_session = true}},
    TagDto = {unique = {"slug"}, defaults = {
      description = null, image_url = null,
      name = function(new) return "Tag " .. new.id end,
      slug = function(new) return slug(new.name .. "-" .. new.id) end}},
    TrialEligibilityOverrideDto = {defaults = {deleted_at = null, used_at = null}},
    SubscriptionDto = {defaults = {cancel_at_period_end = false, cancellation_requested_at = null}},
    WebhookSubscriptionDto = {defaults = {secret = token}}},

  references = {
    DeliveryItemProductDto = "ProductDto", ProductGameServerDto = "GameServerDto", ProductTagDto = "TagDto",
    ProductGameServerDTO = "GameServerDto", ProductTagDTO = "TagDto"},
  mirrors = {"initial_presentment_", "initial_", "presentment_"},
  fill = {
    allow_repeat_trials = false, avatar_url = "https://cdn.sandbox.invalid/avatar.png", billing_country = "US",
    billing_email = "buyer@example.com", billing_name = "Sandbox Buyer", country = "US", currency = "usd",
    customer_ip = "192.0.2.10", discount_amount = 0, gateway_fee_amount = 0, giftcard_usage_amount = 0,
    initial_discount_amount = 0, initial_giftcard_usage_amount = 0, initial_tax_amount = 0, interval_scale = "month",
    interval_value = 1, new_customer_order_lookback_scale = "month", new_customers_only = false, period_scale = "day",
    period_value = 7, platform_fee_amount = 0, platform_fee_rate = 500, presentment_currency = "usd",
    repeat_trial_cooldown_scale = "month", revoke_immediately_when_canceled = false, tax_amount = 0,
    tax_inclusive = true, timestamp = "2025-05-01T00:00:00Z"},

  operations = {
    Bans_GetBans = {filters = {
      ban_type = "identities.ban_type", ban_type_value = "identities.ban_type_value", reason = {"reason"}}},
    Bans_CreateBan = {set = function(call)
      return {reason = call.body.reason or "", identities = call.body.identities or array{}}
    end},
    Bans_CheckForBanByIdentities = function(call)
      local values = pluck(call.body.identities, "ban_type_value")
      local ban = find("BanDto", {store_id = store_of(call), enabled = true, ["identities.ban_type_value"] = values})
      return {is_banned = ban ~= nil, ban_id = ban and ban.id}
    end,

    Checkout_CreateCheckoutSession = create_checkout,

    Coupons_GetCouponsForStore = {filters = {
      status = function(value)
        return value == "active" and {enabled = true} or value == "inactive" and {enabled = false} or nil
      end,
      type = function(value)
        return value == "manual" and {generated = null} or value == "generated" and {generated = true} or nil
      end}},
    Coupons_UpdateCouponForStore = {before = check_discount},

    CustomVariables_CreateCustomVariableForStore = {set = function(call)
      local id = flake()
      return {id = id, options = options_of(call, id)}
    end},
    CustomVariables_UpdateCustomVariableForStore = {set = function(call)
      return {options = options_of(call, call.record.id)}
    end},

    Customers_GetCustomers = {filters = {search = {"name", "steam_id", "minecraft_uuid", "xbox_xuid", "id"}}},
    Customers_CreateCustomerToken = function(call)
      return create("CustomerTokenResponseDto", {token = token()}, nil, {customer_id = call.path.customerId})
    end,
    Customers_InvalidateCustomerTokens = function(call)
      delete_all("CustomerTokenResponseDto", {customer_id = call.path.customerId})
    end,
    Customers_LookupCustomer = function(call)
      local query = call.query
      check(next(query), 400, "bad-request", "say by what to look the customer up")
      local java, bedrock = query.minecraft_java_name, query.minecraft_bedrock_name
      return get("CustomerDto", {
        store_id = store_of(call), id = query.id, steam_id = query.steam_id, minecraft_uuid = query.minecraft_uuid,
        xbox_xuid = query.xbox_xuid, name = bedrock or java or query.name,
        minecraft_platform = bedrock and "bedrock" or java and "java" or nil})
    end,
    Customers_BulkCreateCustomers = function(call)
      check(#call.body < 201, 400, "bad-request", "at most 200 customers at a time")
      return map(call.body, function(customer) return create("CustomerDto", customer) end)
    end,

    DataMigrations_StartDataMigrationFromTebex = function()
      return array{create("DataMigrationTaskDto", {platform = "tebex", token = "********"})}
    end,

    Delivery_GetOrderDeliveryItems = {filters = {activeOnly = active_only}},
    Delivery_GetStoreDeliveryItems = {filters = {activeOnly = active_only}},
    Delivery_GetCustomerDeliveryItems = {filters = {activeOnly = active_only}},
    Delivery_GetGameServerDeliveryItems = delivery_items_of(function(call)
      return {execute_on_gameserver_id = call.path.gameServerId}
    end),
    Delivery_AssignDeliveryItemsBulk = assign_in_bulk,
    Delivery_AssignDeliveryItem = function(call)
      local product = check(product_of(call, call.body), 404, "not-found", "the product was not found", "product_id")
      return assign(call, product, call.path.customerId, call.body, call.body.override_expires_at)
    end,
    Delivery_RevokeDeliveryItem = function(call)
      check(call.record.state ~= "revoked", 409, "conflict", "the delivery item is revoked already")
      update(call.record, {state = "revoked", revoked_at = now(), revoked_by = actor, revoke_reason = "revoked by API"})
      notify("ON_DELIVERY_ITEM_REVOKED", call.record)
    end,
    Delivery_UnqueueDeliveryCommandAttemptByAttemptIDs = function(call)
      local attempts = all("CommandAttemptDto",
        {store_id = store_of(call), id = call.body.attempt_ids or array{}, executed_at = null, unqueued_at = null})
      for _, attempt in ipairs(attempts) do update(attempt, {unqueued_at = now()}) end
      return {unqueued_count = #attempts}
    end,
    Delivery_ResendDeliveryCommandsForGameServer = resend_commands,

    Discord_CreateAction = function(call)
      check(#call.body > 0, 400, "bad-request", "name an action")
      delete_all("DiscordActionDto", {product_version_id = call.path.productVersionId})
      local actions = map(call.body, function(action)
        return create("DiscordActionDto", action, {
          product_id = call.record.id, product_version_id = call.path.productVersionId,
          revocation_stages = action.revocation_stages or array{}})
      end)
      return actions[#actions]
    end,
    Discord_GetLinkedDiscordAccounts = function(call)
      local accounts = {}
      local items = pluck(all("DeliveryItemDto", {order_id = call.path.orderId}), "id")
      for _, account in ipairs(all("DiscordProfileDto", {inventory_item_id = items})) do
        accounts[account.inventory_item_id] = account
      end
      return accounts
    end,
    Discord_GetQueuedDiscordActionForDeliveryItem = function(call)
      return (list("QueuedDiscordActionDto", {delivery_item_id = call.path.inventoryItemId}))
    end,
    Discord_SetUserToDeliveryItemLink = function(call)
      local user = check(call.query.discordUserId, 400, "bad-request", "discordUserId is required", "discordUserId")
      delete_all("DiscordProfileDto", {inventory_item_id = call.path.inventoryItemId})
      create("DiscordProfileDto", {discord_id = tostring(user), username = "user-" .. user}, nil,
        {inventory_item_id = call.path.inventoryItemId})
    end,
    Discord_DeleteDiscordServerLinks = function(call)
      delete(call.record)
      return all("DiscordServerLinkDto", {store_id = store_of(call)})
    end,

    DownloadableFiles_StartDownloadableFileUpload = function(call)
      create("ProductDownloadableFileDto", call.sent, {product_id = call.path.productId})
    end,
    DownloadableFiles_FinishDownloadableFileUpload = function(call)
      check(not call.record.is_uploaded, 409, "conflict", "the upload is finished already")
      update(call.record, {is_uploaded = true, file_size = 1024, file_hash = "e3b0c44298fc1c149afbf4c8996fb924"})
    end,
    DownloadableFiles_CreateDownloadUrl = function(call)
      check(call.record.is_uploaded, 409, "conflict", "the upload is not finished")
      return {download_signed_url = "https://files.sandbox.invalid/" .. call.record.id .. "?signature=" .. token()}
    end,

    GameServers_ResetGameServerToken = function(call)
      return update(call.record, {token = token(), token_reset_at = now()})
    end,

    Giftcards_GetGiftCards = {filters = {include_canceled = function(value)
      if not value then return {canceled_at = null} end
    end}},
    Giftcards_UpdateGiftCard = {before = function(call)
      check(not call.record.canceled_at, 409, "conflict", "the gift card is canceled")
    end},
    Giftcards_DeleteGiftCard = function(call)
      check(not call.record.canceled_at, 409, "conflict", "the gift card is canceled already")
      return update(call.record, {enabled = false, canceled_at = now(), canceled_by = actor})
    end,

    Marketing_SetStoreAbandonedCheckoutConfigurationOptions = {set = marketing_commands},
    Marketing_SetStorePurchaseFollowUpConfigurationOptions = {set = marketing_commands},

    Navlinks_GetNavLinks = {order_by = "order"},
    Navlinks_CreateNavLink = {set = tag_of_link},
    Navlinks_UpdateNavLink = {set = tag_of_link},
    Navlinks_UpdateNavLinkOrder = function(call)
      for _, change in ipairs(call.body) do
        update(get("NavLinkDto", {store_id = store_of(call), node_id = change.node_id}), {order = change.order})
      end
    end,

    Orders_GetOrders = {filters = {
      order_id = "id", coupon_id = "applied_coupons.coupon_id", giftcard_id = "applied_giftcards.giftcard_id",
      product_id = "lines.product_id", sale_id = "lines.sale_id"}},
    Orders_RefundOrder = refund_order,

    PaymentMethodTypes_ToggleStorePaymentMethodType = function(call) update(call.record, call.sent) end,
    PaymentMethodTypes_RequestStorePaymentMethodTypeApproval = function(call)
      check(call.record.approval_status ~= "approved", 409, "conflict", "the payment method is approved already")
      update(call.record, {approval_status = "pending", approval_requested_at = now()})
    end,

    ProductDependentMigrations_CreateProductDependentMigration = {set = function(call)
      return {migration_targets = map(call.body.target_types, function(target)
        return {type = target, versions = array{}}
      end)}
    end},
    ProductDependentMigrations_GetProductDependentMigrationEstimate = function(call)
      local product = call.product
      return array{{
        product_version_id = product.version_id, product_version_created_at = product.created_at or now(),
        target_counts = {
          {type = "active_subscriptions",
            total_entities = count("SubscriptionDto", {["lines.product_id"] = product.id, status = "active"})},
          {type = "active_unused_delivery_items",
            total_entities = count("DeliveryItemDto", {["product.id"] = product.id, state = "usable"})},
          {type = "non_expirable_delivery_items",
            total_entities = count("DeliveryItemDto", {["product.id"] = product.id, expirable = false})}}}}
    end,

    Products_GetProducts = {order_by = "sort_order"},
    Products_UpdateProductSortOrder = function(call)
      for index, id in ipairs(call.body.product_ids or {}) do
        update(get("ProductDto", {store_id = store_of(call), id = id}), {sort_order = index - 1})
      end
    end,

    RegionalPricing_GetProductPricingRegions = function(call)
      return map(all("ProductPricingRegionDto", {store_id = store_of(call)}), region_with_override(call.path.productId))
    end,
    RegionalPricing_SetProductPricingRegionOverride = function(call)
      local where = {product_id = call.path.productId, region_id = call.path.regionId}
      update(find("ProductPricingRegionOverrideDto", where)
        or create("ProductPricingRegionOverrideDto", nil, nil, where), call.sent)
    end,
    RegionalPricing_GetStorePricingRegions = function(call)
      return (list("ProductPricingRegionDto", {store_id = store_of(call)}))
    end,
    RegionalPricing_SetStorePricingRegionOverride = function(call) update(call.record, call.sent) end,

    Sales_UpdateSale = {before = check_discount},

    Store_GetStoreMemberPermissions = function(call) return call.record.permissions or {} end,

    Subscriptions_GetSubscriptions = {filters = {subscription_id = "id", trial_id = "lines.trial_id"}},
    Subscriptions_CancelSubscription = function(call)
      check(call.record.status ~= "canceled", 409, "conflict", "the subscription is canceled already")
      if call.body and call.body.cancel_at_period_end == true then
        update(call.record, {cancel_at_period_end = true, cancellation_requested_at = now()})
      else
        cancel_subscription(call.record)
      end
    end,
    Subscriptions_StopPendingSubscriptionCancellation = function(call)
      check(call.record.status == "active", 409, "conflict", "the subscription is not active")
      update(call.record, {cancel_at_period_end = false, cancellation_requested_at = null})
    end,
    Subscriptions_UpdateSubscription = function(call)
      local change = change_subscription(call)
      local at_once = call.body.proration_behavior == "immediate"
      return {subscription_change = change, pending_payment = at_once and {status = "completed", declined = false} or nil}
    end,
    Subscriptions_PreviewSubscriptionChange = {dry_run = true, call = function(call)
      return {subscription_change = change_subscription(call)}
    end},

    Tags_GetTagImageUploadUrl = function()
      local image = flake()
      return {id = image, upload_url = "https://files.sandbox.invalid/tags/" .. image}
    end,
    Tags_FinishTagImageUpload = function(call)
      update(call.record, {image_url = "https://cdn.sandbox.invalid/tags/" .. call.body.image_id .. ".png"})
    end,
    Tags_DeleteTagImage = function(call) update(call.record, {image_url = null}) end,

    Trials_GetTrials = {filters = {trial_id = "id", subscription_id = "subscription_id"}},
    Trials_CreateEligibilityOverrideForCustomer = {set = function(call)
      local product = find("ProductDto", {store_id = store_of(call), id = call.body.product_id})
      check(product, 404, "not-found", "the product was not found", "product_id")
      return {product_name = product.name, product_image_url = product.image_url}
    end},

    Webhooks_UpdateSubscription = {set = function(call)
      return {secret = call.body.reset_secret and token() or call.record.secret}
    end},
    Webhooks_Resend = function(call)
      local where = {store_id = store_of(call)}
      local queued = find("QueuedWebhookDto", merge(where, {id = call.body.webhook_id}))
        or get("QueuedWebhookDto", merge(where, {webhook_id = call.body.webhook_id}))
      update(queued, {state = "pending", next_retry = now()})
    end,
    Webhooks_GetHistory = {
      filters = {state = function(value) return value and {state = value} or nil end},
      call = function(call)
        return {page = call.query.page or 1,
          history = (list("QueuedWebhookDto", {store_id = store_of(call), webhook_id = call.path.webhookId}))}
      end},
  },
}
