-- What an operation does that its path and verb do not say.

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
    local item = find("DeliveryItemDto", {id = call.path.inventoryItemId}) or {}
    notify("ON_DISCORD_ACCOUNT_LINKED_TO_CHECKOUT", merge(item, {
      discord_user_id = tostring(user), discord_user_name = "user-" .. user, enqueued_at = now(),
      order = item.order_id and find("OrderDto", {id = item.order_id})}))
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
      cancel_subscription(call.record, "canceled by API")
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
}
