/* Checked signatures that are not checked again (memo.c). */
#ifndef HOP_SIM_MEMO_H
#define HOP_SIM_MEMO_H

#include <stdbool.h>
#include <stdint.h>

bool sim_memo_on(void); /* from now on; false: no memory for it */
uint64_t sim_memo_hits(void);

#endif
