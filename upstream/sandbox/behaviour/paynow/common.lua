-- What several files of PayNow's behaviour use.

actor = {type = "api_key", id = "411486491630370900"}
not_refundable = "order-not-refundable"

function store_of(call) return call.path.storeId end

-- The first product of the store with this id or version, or nil.
function product_of(call, line)
  return line.product_id and find("ProductDto", {store_id = store_of(call), id = line.product_id})
    or line.product_version_id and find("ProductDto", {store_id = store_of(call), version_id = line.product_version_id})
end

function check_quantity(quantity, most, path)
  check(0 < quantity and quantity <= most, 400, "bad-request", "the quantity must be 1 to " .. most, path)
  return quantity
end

-- Discount type and amount go together, in the request as it was sent.
function check_discount(call)
  check((call.body.discount_type == nil) == (call.sent.discount_amount == nil), 400, "bad-request",
    "discount_type and discount_amount go together", "discount_amount")
end

function billed(total)
  return {currency = "usd", subtotal = total, discount = 0, tax = 0, total = total}
end
