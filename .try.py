import sys, time
from pathlib import Path
from skill_distiller.library.distill_many import *
from skill_distiller.library.find_skills import *
from skill_distiller.library.journal import *

if __name__ == "__main__":
    out = Path(sys.argv[2]).resolve()
    jobs = int(sys.argv[3])
    b = Batch(DistillOptions(), out)
    t = time.time()
    n = 0
    src = list(find_skills([sys.argv[1]]))[::8]
    with Journal(out).opened() as j:
        for x in distill_many(src, b, j, jobs=jobs, on_defect=print):
            n += 1
        j.close()
    print(n, time.time() - t)
