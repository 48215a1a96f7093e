// A provider's sandbox with a checkout made through its API, and a receiver that gets every event.
//
//   OpenShop shop("qashier");
//   shop.Do("action=pay");
//   EXPECT_TRUE(IsGenuine("qashier", shop.Await("checkout.session.completed"), kSecret));
//
// For one thread.
#ifndef TESTS_UPSTREAM_SANDBOX_SHOP_OPEN_SHOP_H_
#define TESTS_UPSTREAM_SANDBOX_SHOP_OPEN_SHOP_H_

#include <httplib.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/upstream/sandbox/hook.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/server.h"

namespace gateway::sandbox {

inline constexpr char kSecret[] = "whsec_of_the_test";

struct Shop {
  const char* provider;
  // How a checkout is made.
  const char* path;
  const char* type;
  const char* body;
  const char* token;  // in the reply: the end of the page's URL

  const char* paid;  // the event
  const char* success;
};

// One per provider.
const std::vector<Shop>& Shops();

// Returns whether the gateway's own verifier and reader accept the event.
bool IsGenuine(const std::string& provider, const Received& received, const std::string& secret);

std::string TypeOf(const Received& received);

class OpenShop {
 public:
  explicit OpenShop(const std::string& provider, const std::string& body = "");

  // Calls the provider's API with its key, and returns the reply's JSON. Fails the test unless the
  // status is 2xx.
  Json Call(const std::string& method, const std::string& path, const std::string& body);
  // Makes another checkout with this body, and returns its token.
  std::string Checkout(const std::string& body);
  // Sends a form to the checkout's page, as a customer does.
  httplib::Result Do(const std::string& form);
  // Calls the sandbox's own API: POST with a body, GET without. A POST fails the test unless the
  // status is 2xx.
  Json Own(const std::string& path, const Json& body);
  Json Own(const std::string& path);
  // Does this act to the newest record of the section that offers it.
  void Act(const std::string& section, const std::string& act);

  // Waits for an event of this type, and returns it.
  Received Await(const std::string& type);

  const Shop& shop() const { return shop_; }
  Hook& hook() { return hook_; }
  Sandbox& sandbox() { return *sandbox_; }
  httplib::Client& browser() { return *browser_; }
  const std::string& page() const { return page_; }

 private:
  const Shop& shop_;
  Hook hook_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<httplib::Client> browser_;
  std::string page_;
};

}  // namespace gateway::sandbox

#endif  // TESTS_UPSTREAM_SANDBOX_SHOP_OPEN_SHOP_H_
