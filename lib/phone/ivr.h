/* What a caller hears and may do, while the desk speaks with the switch (phone-agi(1)).
 */
#ifndef PHONE_IVR_H
#define PHONE_IVR_H

#include "change/change.h"
#include "phone/agi.h"
#include "phone/call.h"

#define RECORDING_MAX (50 << 20) /* bytes of one */
#define IVR_TICKETS_MAX 5	 /* that are read out */

/* One call, from its variables to its end. RC_OK when the caller hung up, too: what they
 * said until then is filed. Strings into ctx. */
enum rc ivr_run(
    void *ctx, struct desk *d, struct agi *a, struct call *call, struct err *err) CHECKED;
#endif
