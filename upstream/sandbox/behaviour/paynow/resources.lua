-- Helpers of the small resources.

function options_of(call, id)
  return map(call.body.options, function(option, index)
    return merge(option, {store_id = store_of(call), custom_variable_id = id, sort_order = index})
  end)
end

function marketing_commands(call)
  return {commands = map(call.body.commands, function(command)
    return merge(command, {id = flake(), store_id = store_of(call)})
  end)}
end

function tag_of_link(call)
  local id = call.body.tag_id or call.navLink and call.navLink.tag_id
  local tag = check(find("TagDto", {store_id = store_of(call), id = id}), 404, "not-found", "the tag was not found", "tag_id")
  return {name = tag.name, tag_slug = tag.slug}
end

function delivery_items_of(where)
  return {filters = {activeOnly = active_only},
    call = function(call) return (list("DeliveryItemDto", merge({store_id = store_of(call)}, where(call)))) end}
end

function region_with_override(product_id)
  return function(region)
    local override = find("ProductPricingRegionOverrideDto", {product_id = product_id, region_id = region.id})
    return merge(region, override, {id = region.id})
  end
end
