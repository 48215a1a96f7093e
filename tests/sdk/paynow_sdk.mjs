// PayNow's own SDK, as check.mjs calls it.
import sdk from "@paynow-gg/typescript-sdk";

export const connect = (store, key, baseURL) => sdk.createManagementClient(store, key, { baseURL });
export const { isPayNowError } = sdk;
