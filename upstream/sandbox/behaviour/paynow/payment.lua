-- Paying: what an order that is paid brings about, and how money goes back.

month = 30 * 24 * 3600

function pay_order(order, method_status)
  local method = find("PaymentMethodDto")
  return create("PaymentDto", {
    order_id = order.id, customer_id = order.customer_id, gateway = "stripe", gateway_id = "acct_sandbox",
    gateway_entity_identifier = "pi_" .. token(), method = merge(method, {customer_id = order.customer_id}),
    method_id = method and method.id, status = method_status, currency = order.currency, amount = order.total_amount,
    store_net_amount = order.total_amount, fx_rate = 1.0, chargeback_status = "none",
    completed_at = method_status == "completed" and now() or nil})
end

local decline_codes = {
  insufficient_funds = "insufficient_funds", expired_card = "expired_card", fraud = "fraudulent",
  authentication_failed = "authentication_required"}

function decline_order(order, reason)
  local code = decline_codes[reason] or "generic_decline"
  update(pay_order(order, "failed"), {
    failed_at = now(), last_payment_error = {decline_code = code, message = "The payment was declined: " .. code}})
end

local function deliver(order)
  for _, line in ipairs(order.lines) do
    for unit = 0, math.min(line.quantity, 20) - 1 do
      deliver_item{
        customer_id = line.gift_to_customer_id or order.customer_id, order_customer_id = order.customer_id,
        order_id = order.id, checkout_id = order.checkout_id, order_line_id = line.id, quantity_index = unit,
        product = {id = line.product_id, version_id = line.product_version_id}}
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
  for _, item in ipairs(all("DeliveryItemDto", {order_id = order.id})) do
    update(item, {subscription_id = id, expirable = true, expires_at = subscription.current_period_end})
  end
  notify("ON_SUBSCRIPTION_ACTIVATED", subscription)
  after(month, "renew", {id = id, at = epoch() + month})
end

local week = 7 * 24 * 3600

local function try_out(order)
  local line = order.lines[1]
  local trial = create("TrialDto", {
    checkout_id = order.checkout_id, checkout_line_id = line.checkout_line_id, customer_id = order.customer_id,
    product_id = line.product_id, product_version_id = line.product_version_id, product_name = line.product_name,
    period_value = 7, period_scale = "day", status = "active", starts_at = now(), ends_at = later(now(), week)})
  notify("ON_TRIAL_ACTIVATED", trial)
  after(week, "end_trial", {id = trial.id})
end

-- A trial that nobody has canceled goes through.
function end_trial(asked)
  local trial = find("TrialDto", {id = asked.id, status = "active"})
  if not trial then return end
  update(trial, {status = "completed"})
  notify("ON_TRIAL_COMPLETED", trial)
end

function cancel_trial(trial)
  update(trial, {status = "canceled", canceled_at = now(), canceled_by = actor})
  notify("ON_TRIAL_CANCELED", trial)
end

function complete(order)
  pay_order(order, "completed")
  update(order, {status = "completed", completed_at = now()})
  notify("ON_ORDER_COMPLETED", order)
  deliver(order)
  if order.trial then
    try_out(order)
  elseif order.is_subscription then
    subscribe(order)
  end
end

-- A period later: another order, paid, unless a cancellation was put off until now. What a canceled subscription had
-- delivered expires.
function renew(asked)
  local subscription = find("SubscriptionDto", {id = asked.id, status = "active"})
  if subscription and subscription.cancel_at_period_end == true then
    cancel_subscription(subscription, "canceled by API")
    subscription = nil
  end
  local items = all("DeliveryItemDto", {subscription_id = asked.id, state = {"active", "usable"}})
  if not subscription then
    for _, item in ipairs(items) do expire_item(item) end
    return
  end
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
  for _, item in ipairs(items) do
    update(item, {expires_at = subscription.current_period_end})
    notify("ON_DELIVERY_ITEM_RENEWED", item)
  end
  -- From the time that was due, not from now: a clock that is set forward by months brings each of them.
  after(asked.at + month - epoch(), "renew", {id = asked.id, at = asked.at + month})
end

-- The next period begins at once.
function renew_now(subscription) renew{id = subscription.id, at = epoch()} end

local function tell_refund(refund)
  local payment = find("PaymentDto", {id = refund.payment_id}) or {}
  local order = find("OrderDto", {id = payment.order_id}) or {}
  notify("ON_REFUND", merge(payment, refund, {
    order_id = order.id, billing_email = order.billing_email, approved_at = now(), pending_at = now()}))
end

function refund_order(call)
  local order, line_id = call.order, call.body.order_line_id
  check(order.status == "completed", 409, not_refundable,
    "only a completed order that is not refunded can be refunded")
  local payment = check(find("PaymentDto", {order_id = order.id}), 409, not_refundable, "the order has no payment")
  local refunds = all("RefundDto", {payment_id = payment.id, status = {"created", "approved", "processing", "completed"}})
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
  tell_refund(refund)
  if amount == magic_refund then after(10, "fail_refund", {id = refund.id}) end
  return refund
end

-- The bank does not take the money back: the order is as it was.
function fail_refund(asked)
  local refund = find("RefundDto", {id = asked.id, status = "completed"})
  if not refund then return end
  update(refund, {status = "failed", failed_at = now(), completed_at = null, failure_reason = "the bank refused it"})
  local payment = find("PaymentDto", {id = refund.payment_id})
  local order = payment and find("OrderDto", {id = payment.order_id})
  if payment then update(payment, {status = "refund_failed", refunded_at = null}) end
  if order and order.status == "refunded" then update(order, {status = "completed"}) end
  tell_refund(refund)
end

-- Disputes

function dispute(payment)
  update(payment, {
    status = "chargeback", chargeback_status = "pending", chargeback_status_updated_at = now(), chargeback_at = now()})
  local order = find("OrderDto", {id = payment.order_id})
  if order then update(order, {status = "chargeback"}) end
  notify("ON_CHARGEBACK", payment)
end

function close_dispute(payment, outcome)
  local won = outcome == "won"
  update(payment, {
    status = won and "completed" or "chargeback", chargeback_status = outcome, chargeback_status_updated_at = now()})
  local order = find("OrderDto", {id = payment.order_id})
  if order and won then update(order, {status = "completed"}) end
  notify("ON_CHARGEBACK_CLOSED", payment)
end
