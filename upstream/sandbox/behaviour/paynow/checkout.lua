-- A checkout: what is asked of it, and what its page shows and does.

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

function create_checkout(call)
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
    coupon_id = body.coupon_id, currency = "usd", lines = lines, completed_at = null}, nil,
    {trial = contains(pluck(body.lines, "trial"), true)})
  begin_checkout(secret, sum(lines, "total_amount"))
  return checkout
end

function checkout_of(secret)
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
    fail = function(reason) decline_order(order, reason) end,
    expire = function() update(order, {status = "canceled"}) end}
end
