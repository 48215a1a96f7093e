-- Which record a path names, what a new one gets, and what is shown beside what is kept.

local function steam_or(self, name)
  return self.steam_id and {id = self.steam_id, name = self.name or "Player",
    avatar_url = "https://cdn.sandbox.invalid/steam/" .. self.steam_id .. ".png"} or nil
end

records = {
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
    ProductGameServerDTO = "GameServerDto", ProductTagDTO = "TagDto", ProductDTO = "ProductDto", CustomerDTO = "CustomerDto",
  OrderDTO = "OrderDto"},
  mirrors = {"initial_presentment_", "initial_", "presentment_"},
  fill = {
    allow_repeat_trials = false, avatar_url = "https://cdn.sandbox.invalid/avatar.png", billing_country = "US",
    billing_email = "buyer@example.com", billing_name = "Sandbox Buyer", country = "US", currency = "usd",
    customer_ip = "192.0.2.10", discount_amount = 0, gateway_fee_amount = 0, giftcard_usage_amount = 0,
    initial_discount_amount = 0, initial_giftcard_usage_amount = 0, initial_tax_amount = 0, interval_scale = "month",
    interval_value = 1, new_customer_order_lookback_scale = "month", new_customers_only = false, period_scale = "day",
    period_value = 7, platform_fee_amount = 0, platform_fee_rate = 500, presentment_currency = "usd",
    repeat_trial_cooldown_scale = "month", revoke_immediately_when_canceled = false, tax_amount = 0,
    tax_inclusive = true, timestamp = "2025-05-01T00:00:00Z"}}
