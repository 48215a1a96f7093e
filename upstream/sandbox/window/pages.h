// The pages of the window, made from the answers of the Api. Each function returns the HTML of a
// page's main part, without the heading.
//
// Pure functions.
#ifndef UPSTREAM_SANDBOX_WINDOW_PAGES_H_
#define UPSTREAM_SANDBOX_WINDOW_PAGES_H_

#include <string>

#include "upstream/sandbox/json.h"
#include "upstream/sandbox/window/api.h"

namespace gateway::sandbox {

std::string GlancePage(const Api& api);
std::string SectionPage(const Json& section);
std::string RecordPage(const Json& record);
std::string WebhooksPage(const Api& api);
std::string RequestsPage(const Api& api);
std::string FaultsPage(const Api& api);
std::string ToolsPage(const Api& api);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_PAGES_H_
