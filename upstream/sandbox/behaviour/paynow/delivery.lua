-- Delivery items and their commands.

-- A new item, told of.
function deliver_item(from, set)
  local item = create("DeliveryItemDto", from, set)
  notify("ON_DELIVERY_ITEM_ADDED", item)
  notify("ON_DELIVERY_ITEM_ACTIVATED", item)
  local expires_at = set and set.expires_at
  if expires_at then after(epoch(expires_at) - epoch(), "expire_item", {id = item.id}) end
  return item
end

function use_item(item)
  update(item, {state = "used"})
  notify("ON_DELIVERY_ITEM_USED", item)
end

function expire_item(asked)
  local item = find("DeliveryItemDto", {id = asked.id, removed_at = null, state = {"active", "usable"}})
  if not item then return end
  update(item, {removed_at = now()})
  notify("ON_DELIVERY_ITEM_EXPIRED", item)
end

function assign(call, product, customer_id, assignment, expires_at)
  local items = array{}
  for unit = 0, check_quantity(assignment.quantity or 1, 20, "quantity") - 1 do
    items[#items + 1] = deliver_item(assignment, {
      customer_id = customer_id, quantity_index = unit, product = {id = product.id, version_id = product.version_id},
      expires_at = expires_at})
  end
  return items
end

function assign_in_bulk(call)
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
function active_only(value)
  if not value then return nil end
  return {id = pluck(all("CommandAttemptDto", {executed_at = null, unqueued_at = null}), "inventory_item_id")}
end

function resend_commands(call)
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
