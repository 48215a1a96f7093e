-- What the sandbox's window shows of a PayNow store, and what a user does there that no operation does.

local function name_of_customer(record)
  local customer = find("CustomerDto", {id = record.customer_id})
  return customer and (customer.name or customer.id)
end

local function pay_link(order)
  return order.status == "created" and order.checkout_token and page_url(order.checkout_token) or nil
end

local function with_status(...)
  local wanted = {...}
  return function(record) return contains(wanted, record.status) end
end

local function usable(item)
  return not item.removed_at and not item.revoked_at and contains({"active", "usable"}, item.state)
end

local function disputed(payment) return payment.chargeback_status == "pending" end

sections = {
  {name = "orders", title = "Orders", collection = "OrderDto", columns = {
    {"Number", "pretty_id"}, {"Customer", name_of_customer}, {"Status", "status"}, {"Total", "total_amount", money = "currency"},
    {"Created", "created_at"}, {"Checkout", link = pay_link}}},
  {name = "payments", title = "Payments", collection = "PaymentDto",
    columns = {
      {"Id", "id"}, {"Order", "order_id"}, {"Status", "status"}, {"Dispute", "chargeback_status"},
      {"Amount", "amount", money = "currency"}, {"Declined", "last_payment_error.decline_code"}},
    acts = {
      {"dispute", "Dispute", when = with_status("completed"), run = dispute},
      {"win", "Win dispute", when = disputed, run = function(payment) close_dispute(payment, "won") end},
      {"lose", "Lose dispute", when = disputed, run = function(payment) close_dispute(payment, "lost") end}}},
  {name = "refunds", title = "Refunds", collection = "RefundDto",
    columns = {
      {"Id", "id"}, {"Payment", "payment_id"}, {"Status", "status"}, {"Amount", "amount", money = "currency"},
      {"Reason", "failure_reason"}},
    acts = {{"fail", "Let it fail", when = with_status("completed"), run = fail_refund}}},
  {name = "subscriptions", title = "Subscriptions", collection = "SubscriptionDto",
    columns = {
      {"Id", "id"}, {"Product", "product_name"}, {"Status", "status"}, {"Price", "total_amount", money = "currency"},
      {"Cycle", "billing_cycle_sequence"}, {"Paid until", "current_period_end"}},
    acts = {
      {"renew", "Renew now", when = with_status("active"), run = renew_now},
      {"cancel", "Cancel", when = with_status("active"), run = function(one) cancel_subscription(one, "canceled by customer") end}}},
  {name = "trials", title = "Trials", collection = "TrialDto",
    columns = {{"Id", "id"}, {"Product", "product_name"}, {"Status", "status"}, {"Ends", "ends_at"}},
    acts = {
      {"complete", "Complete", when = with_status("active"), run = end_trial},
      {"cancel", "Cancel", when = with_status("active"), run = cancel_trial}}},
  {name = "items", title = "Delivery items", collection = "DeliveryItemDto",
    columns = {
      {"Id", "id"}, {"Customer", name_of_customer}, {"State", "state"}, {"Added", "added_at"}, {"Expires", "expires_at"}},
    acts = {{"use", "Use", when = usable, run = use_item}, {"expire", "Expire", when = usable, run = expire_item}}},
  {name = "customers", title = "Customers", collection = "CustomerDto",
    columns = {{"Id", "id"}, {"Name", "name"}, {"Created", "created_at"}}},
  {name = "subscribers", title = "Webhook subscriptions", collection = "WebhookSubscriptionDto",
    columns = {{"Id", "id"}, {"Address", "url"}, {"Event", "subscribed_to"}, {"Form", "type"}}},
}
