// Which RPCs use which types. Immutable after construction.
#ifndef TOOLS_APIGEN_MODEL_REACH_H_
#define TOOLS_APIGEN_MODEL_REACH_H_

#include <map>
#include <set>
#include <string>

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

class Reach {
 public:
  explicit Reach(const Contract& contract);

  // The RPCs that use the type, as "Service.Rpc", sorted.
  const std::set<std::string>& RpcsOf(const std::string& type) const;
  // Whether callers send the type. If so, a new requirement on it breaks them.
  bool IsSent(const std::string& type) const { return senders_.count(type) > 0; }
  // Whether only POST requests send the type. An empty list in a POST does not replace a stored
  // list.
  bool IsSentToCreate(const std::string& type) const;

 private:
  void Visit(const Contract& contract, const std::string& type, const std::string& rpc,
             std::set<std::string>& seen);

  std::map<std::string, std::set<std::string>> rpcs_;
  // Maps each type to the routes of the RPCs whose requests hold it.
  std::map<std::string, std::set<std::string>> senders_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MODEL_REACH_H_
