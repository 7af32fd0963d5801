package io.cowshed.engine.guest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts the physical volumes of a disk together to volume groups. One that is claimed by two groups, or by two states of one, is
 * left alone with both.
 */
final class LvmVolumes {

    /** Bounds the memory, since each may hold the text of a group of its own. */
    static final int MAX_PHYSICAL = 16;

    private final List<LvmPhysicalVolume> physical;
    private final List<LvmVolume> volumes = new ArrayList<>();

    private LvmVolumes(List<LvmPhysicalVolume> physical) {
        this.physical = physical;
    }

    /** The volumes of all groups. */
    static List<LvmVolume> of(List<LvmPhysicalVolume> physical) {
        LvmVolumes found = new LvmVolumes(physical);
        found.find();
        return found.volumes;
    }

    private void find() {
        Map<String, LvmPhysicalVolume> byId = new HashMap<>();
        Set<String> twice = new HashSet<>();
        Map<String, LvmPhysicalVolume> byText = new LinkedHashMap<>();
        for (LvmPhysicalVolume volume : physical) {
            if (byId.put(volume.id(), volume) != null) {
                twice.add(volume.id());
            }
            if (volume.text() != null) {
                byText.putIfAbsent(volume.text(), volume);
            }
        }
        Map<String, Integer> claims = claims(byText);
        Set<String> assembled = new HashSet<>();
        byText.forEach((text, holder) -> {
            try {
                LvmVolumeGroup group = LvmVolumeGroup.parse(text);
                Set<String> members = group.physicalIds();
                LeftAloneException.unless(members.contains(holder.id()), "its LVM metadata does not know it");
                for (String member : members) {
                    LeftAloneException.unless(!twice.contains(member), "two physical volumes have the same UUID");
                    LeftAloneException.unless(
                            claims.getOrDefault(member, 0) == 1,
                            "its volume group has two states, or two groups have it");
                }
                addAll(group, byId, holder);
                assembled.addAll(members);
            } catch (LeftAloneException e) {
                volumes.add(new LvmVolume.LeftAlone(holder.place(), holder.area(), e.reason()));
                assembled.add(holder.id());
            }
        });
        for (LvmPhysicalVolume volume : physical) {
            if (!assembled.contains(volume.id())) {
                volumes.add(new LvmVolume.LeftAlone(
                        volume.place(), volume.area(), "it belongs to no volume group that is understood"));
            }
        }
    }

    /** How many texts claim each physical volume. */
    private static Map<String, Integer> claims(Map<String, LvmPhysicalVolume> byText) {
        Map<String, Integer> claims = new HashMap<>();
        for (String text : byText.keySet()) {
            physicalIds(text).forEach(id -> claims.merge(id, 1, Integer::sum));
        }
        return claims;
    }

    /** A text that cannot be read claims nothing; the reason is given when its turn comes. */
    private static Set<String> physicalIds(String text) {
        try {
            return LvmVolumeGroup.parse(text).physicalIds();
        } catch (LeftAloneException e) {
            return Set.of();
        }
    }

    private void addAll(LvmVolumeGroup group, Map<String, LvmPhysicalVolume> byId, LvmPhysicalVolume holder)
            throws LeftAloneException {
        volumes.addAll(group.volumes(byId, holder.area()));
        try {
            Area free = group.freeExtents();
            if (free != null) {
                volumes.add(new LvmVolume.Unallocated(group.name(), free));
            }
        } catch (LeftAloneException e) {
            volumes.add(new LvmVolume.LeftAlone(group.name(), holder.area(), e.reason()));
        }
    }
}
