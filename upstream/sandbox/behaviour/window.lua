-- What the sandbox's own window shows of a store, and what a user does there. A provider names sections:
--
--   sections = {{name = "orders", title = "Orders", collection = "OrderDto",
--     columns = {{"Number", "pretty_id"}, {"Total", "total_amount", money = "currency"}, {"Page", link = function(record) ... end}},
--     acts = {{"dispute", "Dispute", when = function(record) ... end, run = function(record) ... end}}}}
--
-- A column is a member, a path, or a function of the record. `money` names the member with the currency, or is one.
-- `key` is the member that names a record where it is not `id`.

local rows_shown = 50

local function section_of(name)
  for _, section in ipairs(settings.sections or {}) do
    if section.name == name then return section end
  end
  refuse(404, "not-found", "there is no such section")
end

local function key_of(section) return section.key or "id" end

local function at(record, path)
  local value = record
  for name in path:gmatch("[^.]+") do
    value = type(value) == "table" and value[name] or nil
  end
  return value
end

local function cell(column, record)
  if column.link then
    local link = column.link(record)
    return link and {link = link} or {text = ""}
  end
  local value
  if type(column[2]) == "function" then value = column[2](record) else value = at(record, column[2]) end
  if value == nil or value == null then return {text = ""} end
  if column.money then return {amount = value, currency = at(record, column.money) or column.money} end
  return {text = tostring(value)}
end

local function acts_of(section, record)
  return map(section.acts, function(act)
    return (not act.when or act.when(record)) and {name = act[1], text = act[2]} or nil
  end)
end

local function row_of(section, record)
  return {id = tostring(record[key_of(section)]), acts = acts_of(section, record),
    cells = map(section.columns, function(column) return cell(column, record) end)}
end

-- The events that can be told of a record of this collection.
local function events_of(collection)
  return map(settings.events, function(event) return event[2] == collection and event[1] or nil end)
end

local function summary(section)
  return {name = section.name, title = section.title, count = count(section.collection)}
end

window = {
  store = function()
    return {title = settings.title and settings.title() or "Store", now = now(), sections = map(settings.sections, summary),
      magic = magic_values()}
  end,
  section = function(asked)
    local section = section_of(asked.section)
    return merge(summary(section), {
      columns = map(section.columns, function(column) return column[1] end),
      rows = map(newest(section.collection, rows_shown), function(record) return row_of(section, record) end)})
  end,
  record = function(asked)
    local section = section_of(asked.section)
    local record = get(section.collection, {[key_of(section)] = asked.id})
    return {section = section.name, id = asked.id, title = section.title, collection = section.collection,
      acts = acts_of(section, record), events = events_of(section.collection), record = record}
  end,
  act = function(asked)
    local section = section_of(asked.section)
    local record = get(section.collection, {[key_of(section)] = asked.id})
    for _, act in ipairs(section.acts or {}) do
      if act[1] == asked.act then
        check(not act.when or act.when(record), 409, "conflict", "this cannot be done to it now")
        act.run(record)
        return {section = section.name, id = asked.id, act = asked.act}
      end
    end
    refuse(404, "not-found", "nothing of this name can be done to it")
  end,
}
